import type { Random } from '../../src/core/ids.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate } from '../runtime/open-runtime.ts';
import { addRecovery } from '../simulation/plan-recovery.ts';

type Step = FlowSource['steps'][number];

const pick = <Value>(random: Random, values: readonly Value[]): Value => values[Math.floor(random.next() * values.length)] as Value;

/**
 * A flow of any shape: every kind of step, some of which fail. Ends with the same result however it is cut up, unless
 * it is `wild`: then it may be strict and has timeouts, and its end depends on what comes first.
 */
export function createRandomFlow(random: Random, size: number, wild = false): FlowSource[] {
  const ids = Array.from({ length: size }, (_, index) => `s${index}`);
  const steps = ids.map((id, index): Step => {
    const depends_on = ids.slice(0, index).filter(() => random.next() < 0.3);
    const upstream = depends_on[0];
    const retry = { maxAttempts: pick(random, [1, 2, 3]), initialInterval: pick(random, ['100ms', '3s', '1h']), jitter: 'none' as const };
    const always = depends_on.length > 0 && random.next() < 0.2 ? { run: 'always' as const } : {};
    const common = { ...always, id, depends_on, critical: random.next() < 0.7, retry, ...(wild && random.next() < 0.5 && { timeout: pick(random, ['1s', '1h']) }) };
    const value = upstream === undefined ? '{% input.value %}' : `{% [steps.${upstream}.output, ${index}] %}`;
    switch (pick(random, ['echo', 'echo', 'flaky', 'async', 'async', 'broken', 'each', 'sleep', 'signal', 'child', 'when'])) {
      case 'echo': return { ...common, uses: 'tool:echo', with: value };
      case 'flaky': return { ...common, uses: 'tool:flaky', with: { constant: index } };
      case 'async': return { ...common, uses: 'tool:hold', with: { value } };
      case 'broken': return { ...common, uses: 'tool:broken' };
      case 'each': return { ...common, uses: pick(random, ['tool:echo', 'tool:flaky', 'tool:hold']), for_each: pick(random, ['{% input.list %}', '{% [] %}', '{% [1..5] %}']) };
      case 'sleep': return { ...always, id, depends_on, uses: 'sleep', with: { for: pick(random, ['1s', '500ms', '2h']) } };
      case 'signal': return { ...always, id, depends_on, uses: 'signal', with: { name: pick(random, ['x', 'y']) }, ...(random.next() < 0.5 && { timeout: '30d' }) };
      case 'child': return { ...always, id, depends_on, uses: 'flow:inner', with: { value: index } };
      default: return { ...common, uses: 'tool:echo', when: pick(random, ['{% input.value = 7 %}', '{% input.value = 8 %}']) };
    }
  });
  const chance = { is: (limit: number): boolean => random.next() < limit, pick: <T>(list: readonly T[]): T => pick(random, list) };
  const recoverable = addRecovery(steps, chance, (id): Step => {
    const kind = pick(random, ['echo', 'flaky', 'async', 'broken', 'sleep', 'child']);
    if (kind === 'sleep') return { id, uses: 'sleep', with: { for: '3s' } };
    if (kind === 'child') return { id, uses: 'flow:inner', with: { value: 9 } };
    return { id, uses: kind === 'async' ? 'tool:hold' : `tool:${kind}`, with: { value: id } };
  });
  return [
    { id: 'random', concurrency: pick(random, [1, 2, 10]), mode: pick(random, wild ? (['conditional', 'lenient', 'strict', 'strict'] as const) : (['conditional', 'lenient'] as const)), ...(wild && { timeout: '9h' }), steps: recoverable },
    { id: 'inner', steps: [{ id: 'nap', uses: 'sleep', with: { for: pick(random, ['1s', '1h']) } }, { id: 'end', uses: 'tool:hold', with: '{% input.value %}', depends_on: ['nap'] }] },
  ];
}

/** Handlers whose answers depend on nothing but what they are called with. `held` are those that wait to be let go. */
export function createRandomHandlers(begun: (call: ToolCall) => void): { readonly handlers: Record<string, (call: ToolCall) => unknown>; readonly held: (() => void)[] } {
  const held: (() => void)[] = [];
  return {
    held,
    handlers: {
      echo: call => (begun(call), call.input),
      flaky: call => {
        begun(call);
        if (call.attempt === 1) throw new Error('the first time');
        return [call.stepId, call.attempt];
      },
      broken: call => {
        begun(call);
        throw new Error('always');
      },
      hold: call => {
        begun(call);
        const gate = createGate<unknown>();
        held.push(() => gate.open(call.input));
        return gate.promise;
      },
    },
  };
}
