import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { statusByCode } from '../../src/server/problem.ts';
import { refusedRoutes } from '../../src/server/table/predecessor-routes.ts';
import type { RouteDefinition } from '../../src/server/table/route.ts';
import { routes } from '../../src/server/table/routes.ts';
import { root } from './pages.ts';

const file = join(root, 'docs/reference/http.md');
const all = Object.values<RouteDefinition>(routes);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

function describeFields(schema: z.ZodType | undefined): string[] {
  const { shape } = (schema ?? {}) as { readonly shape?: Readonly<Record<string, { readonly description?: string; isOptional(): boolean }>> };
  return Object.entries(shape ?? {}).map(([name, field]) => `\`${name}\`${field.isOptional() ? '?' : ''}${field.description ? ` (${field.description})` : ''}`);
}

function describeTaken({ query, labels, body }: RouteDefinition): string {
  const given = [...describeFields(query), ...(labels ? ['`label.NAME`?'] : [])];
  const types = body?.types ? [`a text of type ${body.types.map(type => `\`${type}\``).join(', ')}`] : describeFields(body?.schema);
  return [...(given.length > 0 ? [`query: ${given.join(', ')}`] : []), ...(body ? [`body: ${types.join(', ') || 'an event: `type`, and what it has beside'}`] : [])].join('; ');
}

function describeAnswers({ answers, problems = [] }: RouteDefinition): string {
  const told = Object.entries(answers).map(([status, { about }]) => `${status} ${about}`);
  return [...told, ...problems.map(code => `${statusByCode.get(code) ?? 500} [\`${code}\`](errors.md#${code})`)].join('; ');
}

const describeGroup = (group: string): string => table(['asked', 'scope', 'what it does', 'takes', 'answers'], all.filter(route => route.group === group).map(route =>
  [`${route.method}${route.also ? ` ${route.also}` : ''} \`${route.path}\``, route.scope ?? '–', route.about, describeTaken(route), describeAnswers(route)]));

const expected = [
  ...[...new Set(all.map(({ group }) => group))].map(group => `### ${group}\n\n${describeGroup(group)}`),
  `### Refused\n\n${table(['asked', 'why it is answered with 410'], refusedRoutes.map(({ method, path, why }) => [`${method} \`${path}\``, why]))}`,
].join('\n\n');

describe('docs/reference/http.md', () => {
  it('has every route that the server answers; UPDATE_DOCS=1 writes it', () => {
    const block = /(<!-- routes -->\n)([\s\S]*?)(\n<!-- \/routes -->)/;
    const text = readFileSync(file, 'utf8');
    if (process.env['UPDATE_DOCS']) writeFileSync(file, text.replace(block, (_, begin: string, __, end: string) => `${begin}${expected}${end}`));
    expect(block.exec(readFileSync(file, 'utf8'))?.[2]).toBe(expected);
  });
});
