/** The statuses of a step, as they are stored. */
export type StepStatus = 'pending' | 'running' | 'retrying' | 'waiting' | 'completed' | 'failed' | 'skipped' | 'cancelled';

/** What a step does: run a handler, or wait for time, a signal, another flow or a machine. */
export type StepWork = 'task' | 'sleep' | 'signal' | 'flow' | 'machine';

/** A step as the graph knows it: what does not change while the flow runs. */
export interface GraphStep {
  readonly id: string;
  /** As written: `tool:name`, `flow:id`. */
  readonly uses: string;
  readonly work: StepWork;
  /** Ids of the steps it depends on. */
  readonly dependsOn: readonly string[];
  /** False: the flow passes without it. */
  readonly critical: boolean;
  /** Runs whatever has become of the steps before it. */
  readonly always: boolean;
  /** Text of its `when`; undefined: it has none. */
  readonly condition?: string | undefined;
  /** Whether it runs once per item. */
  readonly forEach: boolean;
  readonly maxAttempts: number;
  /** The step that it stands in for when that fails. */
  readonly alternativeOf?: string | undefined;
}

/** Items of a `for_each` step, counted by status. */
export type ItemCounts = { readonly [status in StepStatus]?: number };

/** How a step stands at one moment. */
export interface StepState {
  readonly status: StepStatus;
  /** The present attempt, 1-based; 0 or left out: none yet. */
  readonly attempt?: number | undefined;
  /** How long it took, or has taken so far, ms. */
  readonly durationMs?: number | undefined;
  readonly items?: ItemCounts | undefined;
  /** Why it stands so, in a few words: `condition`, `timed out`. */
  readonly note?: string | undefined;
}

/** What executions of a flow came to in one step. */
export interface StepCoverage {
  /** How often it ran. */
  readonly runs: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** The statuses of a step in the order in which they are told. */
export const stepStatuses: readonly StepStatus[] = ['completed', 'running', 'waiting', 'retrying', 'failed', 'skipped', 'cancelled', 'pending'];

const settled: ReadonlySet<string> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

/** Items that have settled, and all there are. */
export function countItems(items: ItemCounts): { readonly settled: number; readonly total: number } {
  let [done, total] = [0, 0];
  for (const [status, count] of Object.entries(items)) {
    total += count;
    if (settled.has(status)) done += count;
  }
  return { settled: done, total };
}

/** A length of time in few letters: `840 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d`. */
export function formatLength(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 9_950) return `${(value / 1_000).toFixed(1)} s`;
  const seconds = Math.round(value / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [big, small, size] = seconds < 3_600 ? ['min', 's', 60] as const : seconds < 86_400 ? ['h', 'min', 3_600] as const : ['d', 'h', 86_400] as const;
  const whole = Math.floor(seconds / size);
  const rest = Math.floor((seconds % size) / (size === 86_400 ? 3_600 : size / 60));
  return rest === 0 ? `${whole} ${big}` : `${whole} ${big} ${rest} ${small}`;
}

/** What a step's second line says. */
export function describeState({ maxAttempts }: Pick<GraphStep, 'maxAttempts'>, { status, attempt = 0, durationMs, note }: StepState): string {
  const isRetried = attempt > 1 || (attempt > 0 && maxAttempts > 1 && status !== 'completed');
  return [status, note, ...(isRetried ? [`${attempt} of ${Math.max(maxAttempts, attempt)}`] : []), ...(durationMs === undefined ? [] : [formatLength(durationMs)])].filter(part => part !== undefined).join(' · ');
}

/** The step's name for people who hear the page: `scan: running, attempt 2 of 3`. */
export function nameStep(step: GraphStep, state: StepState, marks: { readonly breakpoint?: boolean } = {}): string {
  const { status, attempt = 0, durationMs, items, note } = state;
  const counts = items && countItems(items);
  return [
    `${step.id}: ${status}`,
    ...(note === undefined ? [] : [note]),
    ...(attempt > 0 && step.maxAttempts > 1 ? [`attempt ${attempt} of ${Math.max(step.maxAttempts, attempt)}`] : []),
    ...(counts ? [`${counts.settled} of ${counts.total} items`] : []),
    ...(durationMs === undefined ? [] : [formatLength(durationMs)]),
    ...(step.work === 'flow' ? ['child flow'] : step.work === 'machine' ? ['machine'] : []),
    ...(step.critical ? [] : ['optional']),
    ...(step.always ? ['runs always'] : []),
    ...(step.condition === undefined ? [] : ['conditional']),
    ...(marks.breakpoint ? ['breakpoint'] : []),
  ].join(', ');
}
