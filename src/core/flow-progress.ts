import { Heap } from './heap.ts';
import { rankSteps } from './step-ranks.ts';

/** How long a step is taken to need. */
export interface ExpectedDuration {
  readonly expectedMs: number;
  /** A run that lasts longer is stalled, ms. */
  readonly stalledAfterMs: number;
}

/** A step as far as its progress goes. */
export interface ProgressStep {
  /** Positions of the steps it waits for. */
  readonly dependsOn: readonly number[];
  /** Null: nothing is known. */
  readonly expected: ExpectedDuration | null;
  /** `waiting`: for time, a signal, a machine or another flow; `retrying`: for its next attempt. */
  readonly state: 'pending' | 'running' | 'waiting' | 'retrying' | 'settled';
  /** When its present run or wait began, epoch ms; null: none has. */
  readonly runAt: number | null;
  /** When its present sleep or back-off ends, epoch ms; null: nobody knows. */
  readonly endsAt: number | null;
  /** Whether somebody else ends its present wait: a person, a signal, a message. However long that took before says nothing of this time. */
  readonly isAwaited: boolean;
  /** How long its last run took, ms; null while it has not completed. */
  readonly tookMs: number | null;
  /** Items of a `for_each` step. */
  readonly items: { readonly total: number; readonly settled: number } | null;
}

export interface FlowProgressParams {
  readonly steps: readonly ProgressStep[];
  /** Steps that may run at the same time. */
  readonly concurrency: number;
  /** Whether the execution has settled. */
  readonly settled: boolean;
  /** Epoch ms. */
  readonly now: number;
}

export interface FlowProgressFigures {
  /** 0 to 1, weighted by how long steps are expected to take; 1 only when the execution has settled. */
  readonly share: number;
  /** ms; null: nothing is known of how long steps take, or a person, a signal or a message is awaited. */
  readonly remainingMs: number | null;
  /** Positions of steps that run longer than theirs ever should. */
  readonly stalled: readonly number[];
}

/** Most that a running step counts for, whatever its time: it may take longer than expected. */
const maxPartial = 0.95;
/** Most that an unsettled execution shows. */
const maxUnsettled = 0.99;
const shortestStallMs = 1_000;

/** Sums up how long a step took in earlier executions; undefined: it never completed in them. */
export function learnDuration(durations: readonly number[]): ExpectedDuration | undefined {
  if (durations.length === 0) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1] ?? 0;
  const longest = sorted.at(-1) ?? 0;
  return { expectedMs: median, stalledAfterMs: Math.max(shortestStallMs, 2 * median, 1.25 * longest) };
}

const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : values.reduce((sum, value) => sum + value / values.length, 0));

/** How much of an unsettled step is done, 0 to `maxPartial`. */
function computePartial({ items, runAt, state, endsAt, isAwaited }: ProgressStep, expectedMs: number | null, now: number): number {
  if (isAwaited) return 0;
  // A sleep is as long as its due time says, whatever was expected.
  if (state === 'waiting' && endsAt !== null && runAt !== null) return endsAt <= runAt ? maxPartial : Math.min(maxPartial, Math.max(0, now - runAt) / (endsAt - runAt));
  if (items) return Math.min(maxPartial, items.total === 0 ? 0 : items.settled / items.total);
  if (state === 'pending' || state === 'retrying' || runAt === null || expectedMs === null || expectedMs <= 0) return 0;
  return Math.min(maxPartial, Math.max(0, now - runAt) / expectedMs);
}

/**
 * Says how far an execution is: the share of the expected work that is done, the time that is likely left, and which steps
 * are stalled.
 *
 * A step of which nothing is known counts as the mean of the others. The share never falls when a step settles.
 */
export function computeFlowProgress({ steps, concurrency, settled, now }: FlowProgressParams): FlowProgressFigures {
  const known = steps.flatMap(({ expected }) => (expected ? [expected.expectedMs] : []));
  const usual = mean(known);
  const stalled = steps.flatMap(({ state, runAt, expected, items }, position) =>
    (state === 'running' && !items && runAt !== null && expected && now - runAt > expected.stalledAfterMs ? [position] : []));
  if (settled || steps.length === 0) return { share: settled ? 1 : 0, remainingMs: settled ? 0 : null, stalled: [] };
  let all = 0;
  let done = 0;
  for (const step of steps) {
    // Nothing takes no time at all; and where nothing is known, every step counts the same.
    const weight = Math.max(1, step.expected?.expectedMs ?? usual ?? 1);
    all += weight;
    done += weight * (step.state === 'settled' ? 1 : computePartial(step, weight, now));
  }
  return { share: Math.min(maxUnsettled, done / all), remainingMs: estimateRemaining(steps, concurrency, usual, now), stalled };
}

/** How much slower than expected this execution goes, by the steps it has completed; a tenth of all the work counts as expected, so that a few quick steps say little. */
function computePace(steps: readonly ProgressStep[]): number {
  let expectedMs = 0;
  for (const { expected } of steps) expectedMs += (expected?.expectedMs ?? 0) / 10;
  let tookMs = expectedMs;
  for (const step of steps) {
    if (!step.expected || step.tookMs === null) continue;
    expectedMs += step.expected.expectedMs;
    tookMs += step.tookMs;
  }
  return expectedMs > 0 ? Math.min(10, Math.max(0.1, tookMs / expectedMs)) : 1;
}

/** How long a step that has begun still needs, ms; null: nobody knows. */
function estimateLeft(step: ProgressStep, expectedMs: number | null, now: number): number | null {
  const wait = step.endsAt === null ? 0 : Math.max(0, step.endsAt - now);
  if (step.isAwaited) return null;
  if (step.state === 'waiting' && step.endsAt !== null) return wait;
  return expectedMs === null ? null : wait + expectedMs * (1 - computePartial(step, expectedMs, now));
}

/** Plays the rest through: steps begin as soon as they may, those that most waits for first, at most `concurrency` at a time. */
function estimateRemaining(steps: readonly ProgressStep[], concurrency: number, usual: number | null, now: number): number | null {
  const tookMean = mean(steps.flatMap(({ tookMs }) => (tookMs === null ? [] : [tookMs])));
  const pace = computePace(steps);
  const estimate = ({ expected }: ProgressStep): number | null => (expected ? expected.expectedMs * pace : usual === null ? tookMean : usual * pace);
  const unmet = steps.map(({ dependsOn }) => dependsOn.filter(position => steps[position]?.state !== 'settled').length);
  const dependents = steps.map((): number[] => []);
  for (const [position, { dependsOn }] of steps.entries()) for (const upstream of dependsOn) dependents[upstream]?.push(position);
  const ranks = rankSteps(steps.map(({ dependsOn }) => dependsOn));
  const ready = new Heap<number>((a, b) => (ranks[a] as number) < (ranks[b] as number));
  const ends = new Heap<{ readonly at: number; readonly position: number; readonly holds: boolean }>((a, b) => a.at < b.at);
  let free = concurrency;
  for (const [position, step] of steps.entries()) {
    if (step.state === 'pending' && unmet[position] === 0) ready.push(position);
    if (step.state === 'pending' || step.state === 'settled') continue;
    const left = estimateLeft(step, estimate(step), now);
    if (left === null) return null;
    const holds = step.state === 'running';
    if (holds) free -= 1;
    ends.push({ at: left, position, holds });
  }
  let clock = 0;
  for (;;) {
    while (free > 0 && ready.size > 0) {
      const position = ready.pop() as number;
      const expectedMs = estimate(steps[position] as ProgressStep);
      if (expectedMs === null) return null;
      free -= 1;
      ends.push({ at: clock + expectedMs, position, holds: true });
    }
    const next = ends.pop();
    if (!next) return clock;
    clock = Math.max(clock, next.at);
    if (next.holds) free += 1;
    for (const dependent of dependents[next.position] ?? []) {
      const left = (unmet[dependent] as number) - 1;
      unmet[dependent] = left;
      if (left === 0 && steps[dependent]?.state === 'pending') ready.push(dependent);
    }
  }
}
