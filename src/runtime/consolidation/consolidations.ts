import type { Logger } from 'pino';
import type { StepRecord } from '../../../persistence/records.ts';
import type { Store } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { maxDelayMs } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { createFailure } from '../../core/failure.ts';
import type { Message } from '../messages.ts';
import type { Resident } from '../resident.ts';
import type { ExecutionHeader } from '../rows.ts';
import { toFailure } from '../step-runner.ts';
import type { Tool } from '../tool.ts';
import { isStoreTrouble } from '../store-trouble.ts';
import { listTrailSteps } from '../trail.ts';
import type { Consolidator } from './consolidator.ts';
import { readAnswer } from './consolidator.ts';
import type { StepWork } from './gather.ts';
import { arrangeTrail, gatherWork } from './gather.ts';
import type { Judgement } from './judge.ts';
import { hasAssertions, judge } from './judge.ts';
import { loadSession } from './read-session.ts';
import type { Finished, Outcome } from './record.ts';
import { toConsolidated } from './record.ts';
import { writeSteps } from './steps-text.ts';

export interface ConsolidationsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly consolidators: ReadonlyMap<string, Consolidator>;
  readonly maxOutputBytes: number;
  readonly expressionTimeLimitMs: number;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly logger: Logger;
  readonly post: (header: ExecutionHeader, message: Message) => void;
  /** The store could not be read. */
  readonly fault: (error: unknown) => void;
}

/** A consolidation under way. */
interface Run {
  readonly controller: AbortController;
  timer: unknown;
  /** It has answered, or nobody waits for it any more. */
  over: boolean;
}

/**
 * Steps and characters a session repeats, at most. In longer executions the steps stay where they are kept and are read
 * from there: the end of one flow must not hold up the others, nor double what it takes on disk.
 */
const maxRows = 48;
const maxStepsLength = 32_768;

/** Gathers what executions did and scores it, each within its time. One that fails or is late leaves a row that says so. */
export class Consolidations {
  readonly #options: ConsolidationsOptions;
  readonly #runs = new Map<string, Run>();

  constructor(options: ConsolidationsOptions) {
    this.#options = options;
  }

  /** Consolidations under way. */
  get running(): number {
    return this.#runs.size;
  }

  /** Answers with one `consolidated` message; at once, unless the store or something of one's own takes its time. */
  begin({ header, tree: { plan }, trail }: Resident): void {
    const { executionId, key } = header;
    if (this.#runs.has(executionId)) return;
    const { store } = this.#options;
    const isLong = trail === 'long';
    const rows = trail && !isLong ? listTrailSteps(trail) : store.listSteps(key);
    if (!(rows instanceof Promise) && plan.consolidation.uses === null && !hasAssertions({ plan })) {
      const work = isLong ? undefined : trail ? arrangeTrail(plan, rows, trail) : this.#gather({ header, plan, rows });
      if (!(work instanceof Promise)) return this.#answer({ header, plan, rows }, work, { assertions: [] });
    }
    const run: Run = { controller: new AbortController(), timer: undefined, over: false };
    this.#runs.set(executionId, run);
    this.#run(run, header, plan, rows, isLong).catch(error => {
      if (run.over) return;
      if (isStoreTrouble(error)) return this.#options.fault(error);
      this.#close(executionId, run, undefined);
      this.#fail({ header, plan, rows: [] }, error);
    });
  }

  /** It cannot be consolidated: the execution ends without a score. */
  fail({ header, tree: { plan } }: Resident, error: unknown): void {
    this.#fail({ header, plan, rows: [] }, error);
  }

  #fail(finished: Finished, error: unknown): void {
    try {
      this.#answer(finished, undefined, { assertions: [], error: { status: 'failed', failure: toFailure(error, false) } });
    } catch (again) {
      this.#options.fault(again);
    }
  }

  /** The execution has ended: nobody waits for it any more. */
  abort(executionId: string): void {
    const run = this.#runs.get(executionId);
    if (run) this.#close(executionId, run, Object.assign(new Error('The execution has ended'), { name: 'AbortError', code: 'cancelled' }));
  }

  abortAll(reason: Error): void {
    for (const [executionId, run] of this.#runs) this.#close(executionId, run, reason);
  }

  #close(executionId: string, run: Run, reason: Error | undefined): void {
    run.over = true;
    this.#runs.delete(executionId);
    if (run.timer !== undefined) this.#options.clock.clearTimer(run.timer);
    if (reason) run.controller.abort(reason);
  }

  /** Undefined: too much to be repeated. */
  #gather({ header, plan, rows }: Finished): StepWork[] | undefined | Promise<StepWork[]> {
    return rows.length > maxRows ? undefined : gatherWork(this.#options.store, header.key, plan, rows);
  }

  async #run(run: Run, header: Finished['header'], plan: Finished['plan'], rows: readonly StepRecord[] | Promise<StepRecord[]>, isLong: boolean): Promise<void> {
    const finished: Finished = { header, plan, rows: await rows };
    const work = isLong ? undefined : await this.#gather(finished);
    if (run.over) return;
    this.#arm(finished, work, run, plan.consolidation.timeoutMs);
    const { signal } = run.controller;
    let judgement: Judgement = { assertions: [] };
    let outcome: Outcome;
    try {
      if (hasAssertions(finished)) judgement = await judge(finished, work ?? (await gatherWork(this.#options.store, header.key, plan, finished.rows)), this.#options, signal);
      outcome = await this.#consolidate(finished, judgement, signal);
    } catch (error) {
      outcome = { ...judgement, error: { status: 'failed', failure: toFailure(error, false) } };
    }
    this.#end(finished, work, run, outcome);
  }

  async #consolidate(finished: Finished, judgement: Judgement, signal: AbortSignal): Promise<Outcome> {
    const { consolidators, store, clock, maxOutputBytes } = this.#options;
    const { uses } = finished.plan.consolidation;
    if (uses === null) return judgement;
    const consolidator = consolidators.get(uses);
    if (!consolidator) throw new FlowError('consolidator_unknown', `Expected a consolidator named "${uses}", this runtime has none`);
    const session = await loadSession(store, toConsolidated(finished, judgement, clock.now()).record);
    return { ...judgement, ...readAnswer(await consolidator(session, { signal }), uses, maxOutputBytes) };
  }

  /** Timers are cut to a longest delay, so a long one takes several. */
  #arm(finished: Finished, work: StepWork[] | undefined, run: Run, ms: number): void {
    const delay = Math.min(ms, maxDelayMs);
    run.timer = this.#options.clock.setTimer(() => {
      if (ms > delay) return this.#arm(finished, work, run, ms - delay);
      const { timeoutMs } = finished.plan.consolidation;
      const failure = createFailure('consolidation_timeout', `The consolidation took longer than ${timeoutMs} ms`, { timeoutMs });
      this.#end(finished, work, run, { assertions: [], error: { status: 'timeout', failure } }, Object.assign(new Error(failure.message), { name: 'AbortError', code: failure.code }));
    }, delay);
  }

  /** What comes after the time is over is not looked at. */
  #end(finished: Finished, work: StepWork[] | undefined, run: Run, outcome: Outcome, reason?: Error): void {
    if (run.over) return;
    this.#close(finished.header.executionId, run, reason);
    this.#answer(finished, work, outcome);
  }

  #answer(finished: Finished, work: StepWork[] | undefined, outcome: Outcome): void {
    const { executionId } = finished.header;
    const text = work && writeSteps(executionId, finished.plan, work);
    const steps = text !== undefined && text.length <= maxStepsLength ? text : undefined;
    this.#options.post(finished.header, toConsolidated(finished, { ...outcome, steps }, this.#options.clock.now()));
  }
}
