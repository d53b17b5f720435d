import type { Logger } from '../../../core/logger.ts';
import type { Records } from '../../../../persistence/store.ts';
import type { Clock } from '../../../core/clock.ts';
import { setDeadline } from '../../../core/clock.ts';
import { FlowError } from '../../../core/errors.ts';
import { createFailure } from '../../../core/failure.ts';
import type { Message } from '../../../kernel/messages.ts';
import type { Resident } from '../resident.ts';
import type { ExecutionHeader } from '../../../kernel/rows.ts';
import { toFailure } from '../../../core/thrown-failure.ts';
import type { Tool } from '../tool.ts';
import { isStoreTrouble } from '../../../engine/store-trouble.ts';
import type { Consolidator } from './consolidator.ts';
import { readAnswer } from './consolidator.ts';
import { gatherWork } from './gather.ts';
import type { Judgement } from './judge.ts';
import { hasAssertions, judge } from './judge.ts';
import { loadSession } from './read-session.ts';
import type { Outcome } from '../../../kernel/consolidated-record.ts';
import { toConsolidated } from '../../../kernel/consolidated-record.ts';
import { toConsolidatedRecord } from '../../../kernel/rows.ts';

export interface ConsolidationsOptions {
  readonly store: Records;
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
  readonly resident: Resident;
  readonly controller: AbortController;
  dropTimeout: () => void;
  /** It has answered, or nobody waits for it any more. */
  over: boolean;
}

/**
 * Scores executions that more than the built-in formula looks at: assertions, a state that a tool reads, a consolidator of
 * somebody's own. Each within its time; one that fails or is late leaves a row that says so.
 */
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

  /** Answers with one `consolidated` message. */
  begin(resident: Resident): void {
    const { executionId } = resident.header;
    if (this.#runs.has(executionId)) return;
    const run: Run = { resident, controller: new AbortController(), dropTimeout: () => {}, over: false };
    this.#runs.set(executionId, run);
    this.#run(run).catch(error => {
      if (run.over) return;
      if (isStoreTrouble(error)) return this.#options.fault(error);
      this.#close(run, undefined);
      this.fail(resident, error);
    });
  }

  /** It cannot be consolidated: the execution ends without a score. */
  fail({ header, tree }: Resident, error: unknown): void {
    try {
      this.#options.post(header, toConsolidated(tree, { assertions: [], error: { status: 'failed', failure: toFailure(error, false) } }));
    } catch (again) {
      this.#options.fault(again);
    }
  }

  /** The execution has ended: nobody waits for it any more. */
  abort(executionId: string): void {
    const run = this.#runs.get(executionId);
    if (run) this.#close(run, Object.assign(new Error('The execution has ended'), { name: 'AbortError', code: 'cancelled' }));
  }

  abortAll(reason: Error): void {
    for (const run of this.#runs.values()) this.#close(run, reason);
  }

  #close(run: Run, reason: Error | undefined): void {
    run.over = true;
    this.#runs.delete(run.resident.header.executionId);
    run.dropTimeout();
    if (reason) run.controller.abort(reason);
  }

  async #run(run: Run): Promise<void> {
    const { store } = this.#options;
    const { header, tree: { plan } } = run.resident;
    const rows = await store.listSteps(header.key);
    const work = await gatherWork(store, header.key, plan, rows);
    if (run.over) return;
    this.#arm(run, plan.consolidation.timeoutMs);
    const { signal } = run.controller;
    let judgement: Judgement = { assertions: [] };
    let outcome: Outcome;
    try {
      if (hasAssertions({ plan })) judgement = await judge({ header, plan }, work, this.#options, signal);
      outcome = await this.#consolidate(run, judgement, signal);
    } catch (error) {
      outcome = { ...judgement, error: { status: 'failed', failure: toFailure(error, false) } };
    }
    this.#end(run, outcome);
  }

  async #consolidate({ resident: { header, tree } }: Run, judgement: Judgement, signal: AbortSignal): Promise<Outcome> {
    const { consolidators, store, clock, maxOutputBytes } = this.#options;
    const { uses } = tree.plan.consolidation;
    if (uses === null) return judgement;
    const consolidator = consolidators.get(uses);
    if (!consolidator) throw new FlowError('consolidator_unknown', `Expected a consolidator named "${uses}", this runtime has none`);
    const { event, summary } = toConsolidated(tree, judgement);
    const scored = event.type === 'consolidation.completed' ? { score: event.score, passed: event.passed } : { score: 0, passed: false };
    const session = await loadSession(store, { ...header, ...scored }, toConsolidatedRecord(header, tree.tally.lastSettledAt, summary, clock.now()));
    return { ...judgement, ...readAnswer(await consolidator(session, { signal }), uses, maxOutputBytes) };
  }

  #arm(run: Run, timeoutMs: number): void {
    run.dropTimeout = setDeadline(this.#options.clock, timeoutMs, () => {
      const failure = createFailure('consolidation_timeout', `The consolidation took longer than ${timeoutMs} ms`, { timeoutMs });
      this.#end(run, { assertions: [], error: { status: 'timeout', failure } }, Object.assign(new Error(failure.message), { name: 'AbortError', code: failure.code }));
    });
  }

  /** What comes after the time is over is not looked at. */
  #end(run: Run, outcome: Outcome, reason?: Error): void {
    if (run.over) return;
    this.#close(run, reason);
    this.#options.post(run.resident.header, toConsolidated(run.resident.tree, outcome));
  }
}
