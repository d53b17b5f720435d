import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { findDoubts } from '../../src/definition/static-checks.ts';
import { renderDocument } from '../../src/views/report/render-document.ts';
import { measureCpu } from '../cpu-time.ts';

const list = (count: number, write: (index: number) => string): string => Array.from({ length: count }, (_, index) => write(index)).join('\n');
const inCommand = (text: string): string => JSON.stringify({ id: 'f', steps: [{ id: 'a', uses: 'exec', with: { command: text } }] });

/** Texts that take a minute and more where something is done again for each of their parts. */
const texts: { readonly [what: string]: string } = {
  'unknown keys of a flow': `id: f\nsteps: [{ id: a, uses: exec, with: { command: e } }]\n${list(20_000, index => `stpes${index}: 1`)}`,
  'unknown keys of a step': `id: f\nsteps:\n  - id: a\n    uses: exec\n${list(20_000, index => `    wiht${index}: 1`)}`,
  'keys without values': `id: f\nsteps:\n${list(20_000, index => `k${index}:`)}`,
  'steps under each other': `id: f\nsteps:\n${list(15_000, index => `  - { id: s${index}, uses: exec, with: { command: e } }`)}`,
  'ids that are misspelt': `id: f\nsteps:\n${list(8_000, index => `  - { id: s${index}, uses: exec, with: { command: e }, depends_on: [t${index}] }`)}`,
  'ids of another length': `id: f\nsteps:\n${list(8_000, index => `  - { id: a_long_name_of_a_step_${index}, uses: exec, with: { command: e }, depends_on: [t${index}] }`)}`,
  'expressions with a minus': `id: f\nsteps:\n${list(20_000, index => `  - { id: s-${index}, uses: exec, with: { command: "{% input.a - ${index} %}" } }`)}`,
  'braces that are not closed': inCommand('{{'.repeat(300_000)),
  'braces with spaces': inCommand(`{{ x${' '.repeat(600_000)}y`),
  'quotes in a text that is not closed': inCommand(`{% 1 - == "${'\\"'.repeat(200_000)} %}`),
  'what looks like a function': inCommand(`{% function a${' '.repeat(600_000)}b %}`),
  'names with a minus': inCommand(`{% steps${'.a-b'.repeat(50_000)} %}`),
};

describe('a definition is read in a time that grows with its size', () => {
  it.each(Object.keys(texts))('with many %s', what => {
    const read = measureCpu();
    try {
      findDoubts(compileFlow(parseFlow(texts[what] as string)));
    } catch (error) {
      if (!isFlowError(error, 'definition_invalid')) throw error;
    }
    expect(read()).toBeLessThan(12_000);
  });

  it.each(['<', '<a ', '<a>', '&'])('and a page in a report, made of %s', async piece => {
    const text = piece.repeat(500_000);
    const read = measureCpu();
    await renderDocument({ kind: 'html', name: 'a.html', size: text.length, read: () => Promise.resolve(text) } as never);
    expect(read()).toBeLessThan(12_000);
  });
});
