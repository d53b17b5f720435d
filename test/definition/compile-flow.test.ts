import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { checkFlows } from '../../src/definition/check-names.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { computeDigest, toCanonical } from '../../src/definition/digest.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { FlowDefinition, FlowSource } from '../../src/definition/schema.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';

const small: FlowSource = { id: 'small', steps: [{ id: 'a', uses: 'exec', with: { command: 'echo', args: ['x'] } }] };
const written: FlowSource = {
  steps: [{ with: { args: ['x'], command: 'echo' }, uses: 'exec', id: 'a', weight: 1, critical: true, depends_on: [], retry: { maxAttempts: 1, jitter: 'full', initialInterval: '1s', maxInterval: '100s', backoffCoefficient: 2, nonRetryable: [] } }],
  min_score: 0, mode: 'conditional', concurrency: 10, version: '1', id: 'small',
};
const scope = { input: {}, steps: {} };
const recorded = { now: 0, seed: 's', timeLimitMs: 1_000, room: { maxBytes: 4_194_304, used: 0 } };

describe('a compiled flow', () => {
  it('fills in defaults, resolves names to positions and durations to ms', () => {
    const plan = compileFlow(
      defineFlow({
        id: 'swap',
        timeout: '1h',
        steps: [
          { id: 'swap', uses: 'tool:swap', depends_on: ['balance', 'balance'], timeout: 500, retry: { maxAttempts: 3, initialInterval: '2s' } },
          { id: 'balance', uses: 'http', with: { url: 'https://example.org' }, weight: 0.5, critical: false },
          { id: 'wait', uses: 'sleep', with: { for: '1m' } },
          { id: 'child', uses: 'flow:other' },
        ],
      }),
    );
    expect(plan).toMatchObject({ mode: 'conditional', concurrency: 10, timeoutMs: 3_600_000, minScore: 0, tools: ['swap', 'http'], flows: ['other'] });
    expect(plan.steps.map(({ role, target, dependsOn, dependents }) => [role, target, dependsOn, dependents])).toEqual([
      ['task', 'swap', [1], []], ['task', 'http', [], [0]], ['sleep', 'sleep', [], []], ['flow', 'other', [], []],
    ]);
    expect(plan.steps[0]).toMatchObject({ position: 0, critical: true, weight: 1, timeoutMs: 500, with: null, when: null, forEach: null });
    expect(plan.steps[0]?.retry).toEqual({ maxAttempts: 3, initialIntervalMs: 2_000, backoffCoefficient: 2, maxIntervalMs: 200_000, jitter: 'full', nonRetryable: [] });
    expect(plan.steps[1]).toMatchObject({ critical: false, weight: 0.5, timeoutMs: null, retry: { maxAttempts: 1, maxIntervalMs: 100_000 } });
    expect(plan.positions.get('balance')).toBe(1);
  });

  it('is the same plan for the same definition, and frozen', () => {
    const definition = defineFlow(small);
    expect(compileFlow(definition)).toBe(compileFlow(definition));
    expect(() => {
      (definition.steps[0] as { id: string }).id = 'b';
    }).toThrow(TypeError);
    expect(Object.isFrozen(definition.steps[0]?.with)).toBe(true);
  });

  it('keeps its digest when it is stored and read back, when defaults are written out and when keys are in another order', () => {
    const { digest, definition } = compileFlow(defineFlow(small));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(compileFlow(JSON.parse(JSON.stringify(definition)) as FlowDefinition).digest).toBe(digest);
    expect(compileFlow(defineFlow(written)).digest).toBe(digest);
    expect(compileFlow(parseFlow('id: small\nsteps: [{ id: a, uses: exec, with: { command: echo, args: [x] } }]')).digest).toBe(digest);
    expect(compileFlow(defineFlow({ ...small, concurrency: 11 })).digest).not.toBe(digest);
  });

  it('gives a step its input with the same order of keys before and after it was stored', async () => {
    const definition = defineFlow({ id: 'x', steps: [{ id: 'a', uses: 'tool:any', with: { z: 1, a: '{% 1 + 1 %}' } }] });
    const stored = JSON.parse(JSON.stringify(definition)) as FlowDefinition;
    const inputs = await Promise.all([definition, stored].map(async flow => JSON.stringify(await compileFlow(flow).steps[0]?.with?.evaluate(scope, recorded))));
    expect(inputs).toEqual(['{"a":2,"z":1}', '{"a":2,"z":1}']);
  });

  it('keeps the version as it is written', () => {
    expect(parseFlow('id: x\nversion: 1.10\nsteps: [{ id: a, uses: exec }]').version).toBe('1.10');
  });

  it('refuses a stored definition that no longer fits, with every mistake', () => {
    const broken = { ...defineFlow(small), steps: [{ id: 'a', uses: 'exec', depends_on: ['b'] }, { id: 'a', uses: 'exec' }] } as unknown as FlowDefinition;
    expect(() => compileFlow(broken)).toThrow(/2 problems in flow `small`/);
  });

  it('refuses values that are no JSON, by path', () => {
    for (const bad of [1n, Symbol('x'), Number.NaN, new Map(), new Date()]) {
      const source = { id: 'x', steps: [{ id: 'a', uses: 'exec', with: { deep: [bad] } }] } as unknown as FlowSource;
      expect(() => defineFlow(source)).toThrow(/Expected `steps\[0\]\.with\.deep\[0\]` to be a/);
    }
    const loop: FlowSource = { ...small };
    (loop as { input: unknown }).input = { loop };
    expect(() => defineFlow(loop)).toThrow(/contains itself/);
  });

  it('finds flows that are not there', () => {
    const plan = compileFlow(defineFlow({ id: 'x', steps: [{ id: 'b', uses: 'tool:any' }, { id: 'c', uses: 'flow:others' }, { id: 'd', uses: 'sleep', with: { for: 1 } }] }));
    expect(checkFlows(plan, ['other']).map(({ code, place }) => [code, place.path])).toEqual([['unknown_flow', 'steps[1].uses']]);
    expect(checkFlows(plan, plan.flows)).toEqual([]);
  });

  it('finds tools that are not there, with what was meant, beside everything else that is wrong', () => {
    const text = 'id: x\nconcurency: 2\nsteps:\n  - { id: a, uses: "tool:get-balanse" }\n  - { id: b, uses: exec }\n';
    const parse = (): unknown => parseFlow(text, { tools: ['get-balance'] });
    expect(parse).toThrow(expect.objectContaining({ details: { problems: [
      { code: 'unknown_key', place: { line: 2 } },
      { code: 'unknown_tool', place: { line: 4, path: 'steps[0].uses' }, message: expect.stringContaining('did you mean `get-balance`?') },
    ].map(problem => expect.objectContaining({ ...problem, place: expect.objectContaining(problem.place) })) } }));
    expect(parseFlow(text.replace('concurency: 2\n', ''))).toMatchObject({ id: 'x' });
  });

  it('holds a chain of 10,000 steps', () => {
    const steps = Array.from({ length: 10_000 }, (_, position) => ({ id: `s${position}`, uses: 'tool:task', ...(position > 0 && { depends_on: [`s${position - 1}`], with: { first: '{% steps.s0.output %}' } }) }));
    const plan = compileFlow(defineFlow({ id: 'chain', steps }));
    expect(plan.steps).toHaveLength(10_000);
    expect(plan.steps[9_999]?.with?.references).toEqual(['s0']);
  });

  it('makes 61 steps with 347 dependencies of the planning pipeline', () => {
    const { steps, tools } = compileFlow(pipelineFlow());
    expect(steps).toHaveLength(61);
    expect(steps.reduce((sum, step) => sum + step.dependsOn.length, 0)).toBe(347);
    expect(steps.reduce((sum, step) => sum + step.dependents.length, 0)).toBe(347);
    expect(tools).toEqual(['task']);
  });
});

const shuffleKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffleKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, shuffleKeys(member)]));
};
const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const digestOf = (value: unknown): string => computeDigest(toCanonical(value));

describe('the digest of a value', () => {
  it('is of the same value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue().map(roundTrip), value => {
        expect(toCanonical(value)).toEqual(roundTrip(value));
        expect(digestOf(shuffleKeys(value))).toBe(digestOf(value));
        expect(digestOf(roundTrip(value))).toBe(digestOf(value));
      }),
    );
  });

  it('is another for another value', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => (digestOf(a) === digestOf(b)) === isDeepStrictEqual(roundTrip(a), roundTrip(b))));
  });

  it('leaves out what is undefined, and keeps a key that looks like a prototype', () => {
    expect(digestOf({ a: undefined, b: 1 })).toBe(digestOf({ b: 1 }));
    const hostile: unknown = JSON.parse('{"__proto__": {"a": 1}, "b": 1}');
    expect(JSON.stringify(toCanonical(hostile))).toBe('{"__proto__":{"a":1},"b":1}');
    expect(digestOf(hostile)).not.toBe(digestOf({ b: 1 }));
  });
});

it('tells its errors by code', () => {
  try {
    defineFlow({ id: 'x', steps: [] });
    expect.unreachable();
  } catch (error) {
    expect(isFlowError(error, 'definition_invalid')).toBe(true);
  }
});

describe('the type of a flow', () => {
  it('is dynamic unless the definition says otherwise, and writing nothing keeps the digest that it had', () => {
    expect(compileFlow(defineFlow(small)).flowType).toBe('dynamic');
    expect(compileFlow(defineFlow({ ...small, flow_type: 'static' })).flowType).toBe('static');
    expect(compileFlow(defineFlow(small)).definition).not.toHaveProperty('flow_type');
    expect(() => parseFlow('id: small\nflow_type: statik\nsteps: [{ id: a, uses: exec, with: { command: echo } }]')).toThrow('Expected `flow_type` to be `static` or `dynamic`, got `statik` (string); did you mean `static`?');
  });
});
