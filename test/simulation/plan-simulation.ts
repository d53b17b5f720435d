import type { FlowSource } from '../../src/definition/schema.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { addRecovery } from './plan-recovery.ts';

/** Something that is done to the runtime at a time. `run` is the number of an execution. */
export type Act = { readonly at: number } & (
  | { readonly kind: 'start'; readonly run: number; readonly flow: string; readonly n: number; readonly priority: number }
  | { readonly kind: 'signal'; readonly run: number; readonly name: string; /** In place of a number. */ readonly payload?: unknown }
  | { readonly kind: 'cancel'; readonly run: number }
  /** The process ends now, or so many commits later, before, after or in the middle of the commit. */
  | { readonly kind: 'crash'; readonly commits: number; readonly point: 'before' | 'after' | 'torn' });

/** Everything a seed decides. */
export interface Simulation {
  readonly seed: number;
  readonly flows: readonly FlowSource[];
  readonly acts: readonly Act[];
  readonly maxActiveFlows: number;
  readonly keepResidentMs: number;
}

type Dice = { readonly upTo: (count: number) => number; readonly is: (chance: number) => boolean; readonly pick: <T>(list: readonly T[]) => T };

export function createDice(seed: number): Dice {
  const random = createSeededRandom(seed);
  const upTo = (count: number): number => Math.floor(random.next() * count);
  return { upTo, is: chance => random.next() < chance, pick: list => list[upTo(list.length)] as (typeof list)[number] };
}

/** Makes flows, executions, signals, cancels and crashes out of a seed. */
export function planSimulation(seed: number): Simulation {
  const dice = createDice(seed);
  // Dice of their own: a seed makes the same flows with and without recovery.
  const more = createDice(seed + 1_000_000);
  const flows = Array.from({ length: 3 }, (_, index) => recover(planFlow(`flow-${index}`, dice, index < 2 ? 'flow-2' : undefined), more));
  const acts: Act[] = [];
  const runs = 3 + dice.upTo(8);
  for (let run = 0; run < runs; run++) {
    const at = dice.upTo(60_000);
    acts.push({ at, kind: 'start', run, flow: `flow-${dice.upTo(3)}`, n: dice.upTo(4), priority: dice.upTo(3) });
    if (dice.is(0.3)) acts.push({ at: at + dice.upTo(100_000), kind: 'cancel', run });
    for (let count = dice.upTo(4); count > 0; count--) acts.push({ at: at + 1 + dice.upTo(200_000), kind: 'signal', run, name: dice.pick(['go', 'stop']) });
  }
  for (let count = dice.upTo(5); count > 0; count--) {
    acts.push({ at: dice.upTo(150_000), kind: 'crash', commits: dice.upTo(6), point: dice.pick(['before', 'after', 'torn'] as const) });
  }
  for (const act of acts.filter(({ kind }) => kind === 'start')) acts.push(...planAnswers(act as Act & { kind: 'start' }, flows, more));
  return { seed, flows, acts: acts.toSorted((a, b) => a.at - b.at), maxActiveFlows: 1 + dice.upTo(6), keepResidentMs: dice.pick([0, 1_000, 1_000_000]) };
}

/** Makes some of a flow's steps recoverable; every third flow stays as it is. */
function recover(flow: FlowSource, dice: Dice): FlowSource {
  if (dice.is(1 / 3)) return flow;
  const makeAlternative = (id: string): FlowSource['steps'][number] =>
    dice.is(0.8) ? { id, uses: 'tool:work', ...(dice.is(0.3) && { when: '{% input.n > 1 %}' }) } : { id, uses: 'sleep', with: { for: 1_000 + dice.upTo(20_000) } };
  return { ...flow, steps: addRecovery(flow.steps, dice, makeAlternative), ...(flow.mode === 'strict' && dice.is(0.5) && { on_halt: 'finish' as const }) };
}

/** What a person says to the steps of an execution that ask, or may: too early, too late, more than once. */
function planAnswers({ at, run, flow }: Act & { readonly kind: 'start' }, flows: readonly FlowSource[], dice: Dice): Act[] {
  const asking = flows.find(({ id }) => id === flow)?.steps.filter(step => step.recover?.ask) ?? [];
  return asking.flatMap(({ id }) => Array.from({ length: dice.upTo(3) }, (): Act => ({
    at: at + 1 + dice.upTo(60_000), kind: 'signal', run, name: `recover.${id}`,
    payload: dice.pick<unknown>([{ action: 'retry' }, { action: 'retry' }, { action: 'skip' }, { action: 'use', output: { by: 'a person' } }, { action: 'fail' }]),
  })));
}

function planFlow(id: string, dice: Dice, child: string | undefined): FlowSource {
  const count = 1 + dice.upTo(6);
  const steps = Array.from({ length: count }, (_, index) => {
    const step = `s${index}`;
    const depends_on = Array.from({ length: index }, (_unused, upstream) => `s${upstream}`).filter(() => dice.is(0.35));
    const base = { id: step, depends_on, critical: dice.is(0.8), weight: dice.upTo(3), ...(dice.is(0.15) && { when: '{% input.n > 0 %}' }) };
    const kind = dice.upTo(10);
    if (kind === 0) return { ...base, uses: 'sleep', with: { for: 1_000 + dice.upTo(60_000) } };
    if (kind === 1) return { ...base, uses: 'signal', with: { name: dice.pick(['go', 'stop']) }, timeout: 1_000 + dice.upTo(100_000) };
    if (kind === 2 && child) return { ...base, uses: `flow:${child}`, with: { n: '{% input.n %}' }, ...(dice.is(0.5) && { timeout: 5_000 + dice.upTo(60_000) }) };
    const retry = dice.is(0.5) ? { retry: { maxAttempts: 1 + dice.upTo(4), initialInterval: dice.upTo(5_000) } } : {};
    const timeout = dice.is(0.4) ? { timeout: 500 + dice.upTo(5_000) } : {};
    const list = kind === 3 ? { for_each: [1, 2, 3].slice(0, dice.upTo(4)), with: '{% {"item": item, "n": input.n} %}' } : {};
    return { ...base, uses: 'tool:work', ...retry, ...timeout, ...list };
  });
  return {
    id,
    mode: dice.pick(['strict', 'conditional', 'lenient'] as const),
    concurrency: 1 + dice.upTo(4),
    ...(dice.is(0.3) && { timeout: 20_000 + dice.upTo(200_000) }),
    steps,
  } as FlowSource;
}
