import { describe, expect, it } from 'vitest';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { findDoubts } from '../../src/definition/static-checks.ts';

const find = (flow: Omit<FlowSource, 'id'>): string[] => findDoubts(compileFlow(defineFlow({ id: 'f', ...flow }))).map(({ code, path }) => `${path.join('.')}: ${code}`);
const a = { id: 'a', uses: 'tool:a' };

describe('static checks', () => {
  it('find steps that can never run', () => {
    expect(find({ steps: [{ ...a, when: false }, { id: 'b', uses: 'tool:b', for_each: [] }, { id: 'c', uses: 'tool:c', when: true }] })).toEqual(['steps.0.when: step_never_runs', 'steps.1.for_each: step_never_runs']);
  });

  it('find waits that may never end', () => {
    const ask = { id: 'ask', uses: 'signal', with: { name: 'go' } };
    expect(find({ steps: [ask] })).toEqual(['steps.0.uses: wait_endless']);
    expect(find({ steps: [{ ...ask, timeout: '1h' }] })).toEqual([]);
    expect(find({ timeout: '1h', steps: [ask] })).toEqual([]);
  });

  it('find steps without which the score cannot be reached', () => {
    const steps = [{ ...a, weight: 3 }, { id: 'b', uses: 'tool:b' }];
    // A critical failure costs the whole score, whatever the step weighs.
    expect(find({ mode: 'lenient', min_score: 0.5, steps })).toEqual(['steps.0.id: score_out_of_reach', 'steps.1.id: score_out_of_reach']);
    expect(find({ min_score: 0.5, steps: steps.map(step => ({ ...step, critical: false })) })).toEqual(['steps.0.critical: score_out_of_reach']);
    expect(find({ min_score: 0.5, steps })).toEqual([]);
  });

  it('find outputs nobody reads, where others are read', () => {
    const reader = { id: 'c', uses: 'tool:c', depends_on: ['a', 'b'], with: '{% steps.a.output %}' };
    expect(find({ steps: [a, { id: 'b', uses: 'tool:b' }, reader] })).toEqual(['steps.1.id: output_unused']);
    expect(find({ steps: [a, { id: 'b', uses: 'tool:b', depends_on: ['a'] }] })).toEqual([]);
  });

  it('find times the flow leaves no room for', () => {
    const retry = { maxAttempts: 4, initialInterval: '10s', jitter: 'none' } as const;
    expect(find({ timeout: '1m', steps: [{ ...a, retry }] })).toEqual(['steps.0.retry: time_out_of_reach']);
    expect(find({ timeout: '2m', steps: [{ ...a, retry }] })).toEqual([]);
    expect(find({ timeout: '1m', steps: [{ ...a, timeout: '5m' }] })).toEqual(['steps.0.timeout: time_out_of_reach']);
    expect(find({ timeout: '1m', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }] })).toEqual(['steps.0.with: time_out_of_reach']);
  });
});
