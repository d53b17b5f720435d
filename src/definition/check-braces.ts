import { formatPath } from '../core/wording.ts';
import type { Finding, Path } from './problem.ts';
import type { FlowDefinition } from './schema.ts';

/** How other programs mark an expression: `{{ x }}`, `${{ x }}`. By hand: a pattern looks for the end from each beginning. */
function findForeign(text: string): { readonly found: string; readonly inner: string } | undefined {
  const begin = text.indexOf('{{');
  const end = begin < 0 ? -1 : text.indexOf('}}', begin + 2);
  if (end < 0) return undefined;
  return { found: text.slice(text[begin - 1] === '$' ? begin - 1 : begin, end + 2), inner: text.slice(begin + 2, end).trim() };
}

/** Finds texts that look like an expression of another program: they are handed on as they stand. */
export function checkBraces({ steps, state }: Pick<FlowDefinition, 'steps' | 'state'>): Finding[] {
  const findings: Finding[] = [];
  for (const [position, step] of steps.entries()) {
    const { with: given, for_each: list, artifacts } = step;
    visit({ with: given, ...(Array.isArray(list) && { for_each: list }), artifacts }, ['steps', position], findings);
  }
  if (state) visit({ with: state.with }, ['state'], findings);
  return findings;
}

function visit(value: unknown, path: Path, findings: Finding[]): void {
  if (typeof value === 'string') {
    const { found, inner } = findForeign(value) ?? {};
    if (found === undefined) return;
    findings.push({
      code: 'braces_unknown', path, expected: `\`{% ${inner} %}\``, found: `\`${found}\``,
      message: `\`${formatPath(path)}\` has \`${found}\`, which is handed on as it stands: an expression is written \`{% ${inner} %}\``,
    });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, member] of Object.entries(value)) visit(member, [...path, isList ? Number(key) : key], findings);
}
