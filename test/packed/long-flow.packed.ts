import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { installPacked, lend, root } from './installed.ts';

const count = 200;
const head = `
import { defineFlow, defineTool } from 'flowstone';
import { z } from 'zod';
const add = defineTool({ name: 'add', input: z.object({ a: z.number(), b: z.number() }), output: z.object({ sum: z.number() }), run: ({ input: { a, b } }) => ({ sum: a + b }) });
const say = defineTool({ name: 'say', input: z.object({ text: z.string() }), output: z.object({ said: z.string() }), run: ({ input: { text } }) => ({ said: text }) });
const input = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] } as const;
`;

/** What people write: chains, functions of what is upstream, expressions, conditions, lists, durations. */
function writeStep(index: number): string {
  const [id, before, earlier] = [index, index - 1, index - 2].map(number => `'step${number}'`);
  const sum = `'output' in steps.step${index - 2} ? (steps.step${index - 2}.output?.sum ?? 0) : 0`;
  if (index < 2) return `{ id: ${id}, uses: 'tool:add', with: { a: '{% input.n %}', b: 1 } }`;
  if (index % 10 === 5) return `{ id: ${id}, uses: 'tool:say', depends_on: [${before}], when: "{% steps.step${index - 1}.output.sum > 0 and steps.step${index - 1}.status = 'completed' %}", with: { text: 'x' } }`;
  if (index % 2 === 1) return `{ id: ${id}, uses: 'tool:say', depends_on: [${before}], timeout: '30s', retry: { maxAttempts: 3, initialInterval: '1s' }, with: { text: '{% $string(steps.step${index - 1}.output.sum) %}' } }`;
  if (index % 10 === 0) return `{ id: ${id}, uses: 'tool:add', depends_on: [${before}, ${earlier}], when: ({ input }) => input.n > 0, with: ({ steps }) => ({ a: ${sum}, b: steps.step${index - 1}.output.said.length }) }`;
  return `{ id: ${id}, uses: 'tool:add', depends_on: [${before}, ${earlier}], with: { a: ({ steps }) => ${sum}, b: ({ input }) => input.n } }`;
}

const writeFlow = (steps: readonly string[]): string => `${head}export const flow = defineFlow({ id: 'long', input, steps: [\n${steps.join(',\n')}] }, { tools: [add, say] });\n`;
const steps = Array.from({ length: count }, (_, index) => writeStep(index));

let folder = '';
let remove = (): void => {};
beforeAll(() => {
  ({ folder, remove } = installPacked(inject('tarball')));
  lend(folder, ['@types/node', 'zod']);
});
afterAll(() => remove());

/** Compiles a file; returns what the compiler said, and the CPU it took, s: the same on a loaded machine, as the time of the clock is not. */
function compile(name: string, text: string): { readonly said: string; readonly cpu: number } {
  writeFileSync(join(folder, name), text);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false', '--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--ignoreConfig', name];
  // A shell adds up what its children have used.
  const { stdout } = spawnSync('sh', ['-c', '"$@"; times', 'sh', process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...options], { cwd: folder, encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  const used = [...(lines.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
  if (used.length !== 2) throw new Error(`The shell did not say what the compiler used: ${stdout}`);
  return { said: lines.slice(0, -2).join('\n'), cpu: used.reduce((sum, one) => sum + one, 0) };
}

it('of a flow of 200 steps are checked in less than 2 s of CPU more than those of one of a single step', () => {
  const rounds = Array.from({ length: 5 }, () => [compile('one.ts', writeFlow(steps.slice(0, 1))), compile('long.ts', writeFlow(steps))] as const);
  for (const { said } of rounds.flat()) expect(said).toBe('');
  const [one, long] = [0, 1].map(place => Math.min(...rounds.map(round => round[place]?.cpu ?? Number.NaN))) as [number, number];
  console.log(`checking the types of a flow of ${count} steps: ${long.toFixed(2)} s of CPU, of one step ${one.toFixed(2)} s: ${(long - one).toFixed(2)} s more (the least of 5 each, in turns)`);
  expect(long - one).toBeLessThan(2);
});

it('of a flow of 200 steps are looked at to the last one', () => {
  const last = "{ id: 'last', uses: 'tool:add', depends_on: ['step199'], with: ({ steps }) => ({ a: steps.step199.output.saidd.length, b: 1 }) }";
  expect(compile('wrong.ts', writeFlow([...steps, last])).said).toMatch(/^wrong\.ts\(208,\d+\): error TS2551: Property 'saidd' does not exist on type '[^\n]+'\. Did you mean 'said'\?$/);
});
