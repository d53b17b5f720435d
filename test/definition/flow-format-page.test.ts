import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { definitionKeys } from '../../src/definition/schema.ts';

const page = readFileSync(new URL('../../docs/reference/flow-format.md', import.meta.url), 'utf8');
const section = (title: string): string => page.split(/^## /m).find(part => part.startsWith(title)) ?? '';
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] ?? '');

/** Defaults in the table of a section, by key. */
const rows = (title: string): Map<string, string> =>
  new Map([...section(title).matchAll(/^\| \[?`(\w+)`\S* \| [^|]* \| (?:`([^`]*)`)?/gm)].map(match => [match[1] ?? '', match[2] ?? '']));

describe('the page on the flow format', () => {
  it.each(definitionKeys.flow)('describes the key `%s` of a flow', key => {
    expect(section("A flow's keys")).toContain(`| [\`${key}\`](#flow-${key}) |`);
    expect(page).toContain(`### flow \`${key}\``);
  });

  it.each(definitionKeys.step)('describes the key `%s` of a step', key => {
    if (key === 'retry') expect(section("A step's keys")).toContain('| [`retry`](#retry) |');
    else {
      expect(section("A step's keys")).toContain(`| [\`${key}\`](#step-${key}) |`);
      expect(page).toContain(`### step \`${key}\``);
    }
  });

  it.each(definitionKeys.artifact)('describes the key `%s` of an artifact', key => {
    expect(section("A step's keys").split('### step `artifacts`')[1]).toContain(`| \`${key}\` |`);
  });

  it.each(definitionKeys.model)('names the key `%s` of a model', key => {
    expect(section("A step's keys").split('### step `models`')[1]).toContain(`\`${key}\``);
  });

  it.each(definitionKeys.retry)('describes the key `%s` of retry', key => {
    expect(section('`retry`')).toContain(`| \`${key}\` |`);
  });

  it('describes no key that is not there', () => {
    const described = [...page.matchAll(/^### (flow|step) `(\w+)`/gm)].map(match => `${match[1]} ${match[2]}`);
    expect(described.filter(name => !definitionKeys[name.slice(0, 4) as 'flow' | 'step'].includes(name.slice(5)))).toEqual([]);
  });

  it.each(blocks.map((text, position) => ({ position, text })))('has an example $position that is a flow', ({ text }) => {
    expect(parseFlow(text).steps.length).toBeGreaterThan(0);
  });

  it('uses every key in its complete example', () => {
    const complete = blocks.at(-1) ?? '';
    const keys = [...definitionKeys.flow, ...definitionKeys.step, ...definitionKeys.retry];
    expect(keys.filter(key => !new RegExp(`\\b${key}:`).test(complete))).toEqual([]);
  });

  it('names the defaults that are true', () => {
    const { steps: [step], ...flow } = defineFlow({ id: 'x', steps: [{ id: 'a', uses: 'tool:any', retry: { maxAttempts: 2 } }] });
    const flows = rows("A flow's keys");
    for (const key of ['mode', 'concurrency', 'min_score'] as const) expect(flows.get(key)).toBe(String(flow[key]));
    expect(flows.get('version')).toBe(JSON.stringify(flow.version));
    const steps = rows("A step's keys");
    for (const key of ['critical', 'weight'] as const) expect(steps.get(key)).toBe(String(step?.[key]));
    const retry = rows('`retry`');
    expect(step?.retry).toMatchObject({ backoffCoefficient: Number(retry.get('backoffCoefficient')), jitter: retry.get('jitter'), initialInterval: 1_000, maxInterval: 100_000 });
    expect(retry.get('initialInterval')).toBe('1s');
  });
});
