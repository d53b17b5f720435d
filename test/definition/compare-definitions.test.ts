import { describe, expect, it } from 'vitest';
import { compareDefinitions, describeChanges, isUnchanged } from '../../src/definition/compare-definitions.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';

const base: FlowSource = { id: 'f', steps: [{ id: 'a', uses: 'tool:work', with: { n: 1 } }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }, { id: 'c', uses: 'tool:work', depends_on: ['a', 'b'] }] };
const change = (id: string, parts: object): FlowSource => ({ ...base, steps: base.steps.map(step => (step.id === id ? { ...step, ...parts } : step)) });
const compare = (after: FlowSource) => compareDefinitions(defineFlow(base), defineFlow(after));

describe('comparing definitions', () => {
  it('finds no difference in what is written differently', () => {
    expect(isUnchanged(compare({ ...base, concurrency: 10, steps: base.steps.map(step => ({ critical: true, ...step })) }))).toBe(true);
    expect(isUnchanged(compare(change('c', { depends_on: ['b', 'a'] })))).toBe(true);
    expect(isUnchanged(compare(change('b', { retry: { maxAttempts: 1 } })))).toBe(true);
  });

  it.each([
    ['uses', { uses: 'tool:other' }], ['with', { with: { n: 2 } }], ['when', { when: 'true' }], ['for_each', { for_each: '[1]' }], ['depends_on', { depends_on: [] }],
  ])('takes another `%s` for another result', (key, parts) => {
    expect(compare(change('b', parts)).changed).toEqual([{ stepId: 'b', keys: [key], affectsResult: true }]);
  });

  it.each([
    ['timeout', { timeout: '1m' }], ['retry', { retry: { maxAttempts: 3 } }], ['critical', { critical: false }], ['weight', { weight: 2 }], ['description', { description: 'x' }],
  ])('takes another `%s` for the same result', (key, parts) => {
    expect(compare(change('b', parts)).changed).toEqual([{ stepId: 'b', keys: [key], affectsResult: false }]);
  });

  it('names what is new, what is gone, and keys of the flow', () => {
    const changes = compare({ ...base, mode: 'strict', steps: [...base.steps.slice(0, 1), { id: 'd', uses: 'tool:work' }, ...change('b', { depends_on: [] }).steps.slice(1, 2)] });
    expect(changes).toEqual({ flow: ['mode'], added: ['d'], removed: ['c'], changed: [{ stepId: 'b', keys: ['depends_on'], affectsResult: true }] });
    expect(describeChanges(changes)).toBe('step "b" (depends_on), step "d" (new), step "c" (gone), the flow\'s `mode`');
  });

  it('says how many more there are than it names', () => {
    const many = { ...base, steps: [...base.steps, ...Array.from({ length: 15 }, (_, index) => ({ id: `x${index}`, uses: 'tool:work' }))] };
    expect(describeChanges(compare(many))).toMatch(/ and 5 more$/);
  });
});
