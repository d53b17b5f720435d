import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { closeCodes } from '../../src/owner/close-codes.ts';
import { liveTopics } from '../../src/owner/live-topics.ts';
import type { Method, Topic } from '../../src/owner/method.ts';
import { debugMethods, debugTopics, valueMethods } from '../../src/owner/debug-methods.ts';
import { inspectMethods, inspectTopics, serverMethods } from '../../src/owner/inspect-methods.ts';
import { flowMethods } from '../../src/owner/methods.ts';
import type { MessageKind } from '../../src/owner/protocol.ts';
import { messages, readMessage, scopes } from '../../src/owner/protocol.ts';
import { queueMethods, topics } from '../../src/owner/queue-methods.ts';
import { root } from './pages.ts';

const allMethods: { readonly [name: string]: Method } = { ...flowMethods, ...queueMethods, ...valueMethods, ...inspectMethods, ...serverMethods, ...debugMethods };
const allTopics: { readonly [name: string]: Topic } = { ...topics, ...inspectTopics, ...debugTopics };
const file = join(root, 'docs/reference/protocol.md');

type Field = { readonly description?: string | undefined; isOptional(): boolean };

/** `` `name`? what it says ``, for each field of an object. */
function describeFields(object: z.ZodType): string {
  const { shape } = object as unknown as { readonly shape: Readonly<Record<string, Field>> };
  const fields = Object.entries(shape).map(([name, field]) => `\`${name}\`${field.isOptional() ? '?' : ''}${field.description ? ` (${field.description})` : ''}`);
  return fields.join(', ') || 'none';
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

const describeMethods = (methods: { readonly [name: string]: Method }): string =>
  table(['method', 'scope', 'repeats', 'what it does', 'parameters'], Object.entries(methods).map(([name, { scope, repeats, about, params, redacts }]) =>
    [`\`${name}\``, scope, repeats ?? '', `${about}${redacts ? ' Secrets are taken out.' : ''}`, describeFields(params)]));

const describeTopics = (all: { readonly [name: string]: Topic }): string =>
  table(['topic', 'scope', 'what it tells', 'parameters'], Object.entries(all).map(([name, { scope, about, params }]) => [`\`${name}\``, scope, about, describeFields(params)]));

const parts = {
  messages: table(['message', 'from', 'what it says', 'fields'], Object.entries(messages as { readonly [type: string]: MessageKind }).map(([type, { from, about, fields }]) =>
    [`\`${type}\``, from, about, describeFields(fields)])),
  scopes: table(['scope', 'what it lets do'], Object.entries(scopes).map(([scope, what]) => [`\`${scope}\``, what])),
  methods: describeMethods(allMethods),
  topics: describeTopics(allTopics),
  'live topics': describeTopics(liveTopics),
  'close codes': table(['code', 'name', 'when'], Object.entries(closeCodes).map(([code, { name, about }]) => [`\`${code}\``, name, about])),
};

describe('docs/reference/protocol.md', () => {
  it.each(Object.entries(parts))('has every line of the table of %s that the program goes by; UPDATE_DOCS=1 writes it', (name, expected) => {
    const block = new RegExp(`(<!-- protocol: ${name} -->\n)([\\s\\S]*?)(<!-- /protocol -->)`);
    const text = readFileSync(file, 'utf8');
    if (process.env['UPDATE_DOCS']) writeFileSync(file, text.replace(block, (_, begin: string, __, end: string) => `${begin}${expected}\n${end}`));
    expect(block.exec(readFileSync(file, 'utf8'))?.[2]?.trim()).toBe(expected);
  });

  it('shows messages that an owner takes', () => {
    const lines = [...readFileSync(file, 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].flatMap(([, text = '']) => text.trim().split('\n'));
    expect(lines.length).toBeGreaterThan(2);
    const all: { readonly [name: string]: Method } = allMethods;
    for (const line of lines) {
      const message = readMessage(JSON.parse(line), 'client');
      if (message.type === 'request') expect(all[message.method]?.params.safeParse(message.params).success).toBe(true);
      if (message.type === 'subscribe') expect(Object.keys(allTopics)).toContain(message.topic);
    }
  });
});
