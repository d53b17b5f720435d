import type { InteractionContext, InteractionEvent } from '../../../../machines/interaction.ts';
import { interactionMachine } from '../../../../machines/interaction.ts';
import type { InteractionReader, InteractionRecord } from '../../../../persistence/interaction-store.ts';
import type { Records } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import { createFailure } from '../../../core/failure.ts';
import type { Origin } from '../artifacts/artifact-ledger.ts';
import type { MutableBatch } from '../../../../persistence/records/empty-batch.ts';
import type { Snapshot } from '../../../core/machine-runner.ts';
import { compileMachine } from '../../../core/machine-runner.ts';
import type { Envelope, Kind, Life, Tick } from '../../../engine/kind.ts';
import { refuse } from '../../../engine/kind.ts';

const machine = compileMachine<InteractionContext, InteractionEvent, undefined>(interactionMachine);

/** What is said once, when the call goes out. */
export type Begun = Pick<InteractionRecord, 'stage' | 'model' | 'prompt'>;
/** What is known when it has settled. */
export type Ended = Partial<Pick<InteractionRecord, 'model' | 'response' | 'inputTokens' | 'outputTokens' | 'totalTokens' | 'cost'>>;

/** Names one call. */
export interface InteractionPlace {
  readonly executionId: string;
  readonly number: number;
}

type InteractionCommand =
  | { readonly type: 'begin'; readonly origin: Origin; readonly begun: Begun }
  | { readonly type: 'settle'; readonly place: InteractionPlace; readonly event: InteractionEvent; readonly ended: Ended }
  | { readonly type: 'recover'; readonly rows: readonly InteractionRecord[] };

interface Live {
  snapshot: Snapshot<InteractionContext>;
  record: InteractionRecord;
}

export interface InteractionKeeperOptions {
  readonly store: Records;
  /** Whether this is the run that its step goes by now. */
  readonly isCurrent: (origin: Origin) => boolean;
}

const recoveredAtOnce = 500;
const toKey = ({ executionId, number }: InteractionPlace): string => `${executionId}/${number}`;

/** Records calls of language models: stored as pending before they go out, settled by a commit of their own. */
export class InteractionKeeper implements Kind<InteractionCommand> {
  readonly #options: InteractionKeeperOptions;
  readonly #live = new Map<string, Live>();
  /** The last number given, by execution. */
  readonly #last = new Map<string, number>();
  readonly name = 'interactions';
  /** Those that this tick has changed, with what is stored of them; undefined: nothing. */
  readonly #changed = new Map<Live, Live | undefined>();
  #life: Life | undefined;

  constructor(options: InteractionKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when the call is stored as pending: then it may go out. */
  async open(origin: Origin, begun: Begun): Promise<InteractionPlace> {
    const { executionId } = origin;
    if (!this.#last.has(executionId)) {
      const last = await this.#require().last(executionId);
      this.#last.set(executionId, Math.max(last, this.#last.get(executionId) ?? 0));
    }
    return (await this.#ask({ type: 'begin', origin, begun })) as InteractionPlace;
  }

  /** Resolves with whether it had not settled before. */
  async settle(place: InteractionPlace, event: InteractionEvent, ended: Ended = {}): Promise<boolean> {
    return (await this.#ask({ type: 'settle', place, event, ended })) as boolean;
  }

  /** An execution has left memory. */
  forget(executionId: string): void {
    this.#last.delete(executionId);
  }

  #require(): InteractionReader {
    const { interactions, location } = this.#options.store;
    if (interactions) return interactions;
    throw new FlowError('interactions_unsupported', `Expected a store that keeps interactions, ${location} does not. Use the memory or the SQLite store`);
  }

  #ask(command: InteractionCommand): Promise<unknown> {
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime'));
    return this.#life.ask(this, command);
  }

  // the kind

  async begin(life: Life): Promise<void> {
    this.#life = life;
    this.#reset();
    const { interactions } = this.#options.store;
    for (;;) {
      const rows = (await interactions?.listPending(recoveredAtOnce)) ?? [];
      if (rows.length === 0) return;
      await this.#ask({ type: 'recover', rows });
    }
  }

  apply(told: InteractionCommand, { now }: Tick): unknown {
    if (told.type === 'begin') return this.#begin(told.origin, told.begun, now);
    if (told.type === 'settle') return this.#settle(told.place, told.event, told.ended, now);
    for (const record of told.rows) this.#interrupt(record, now);
    return undefined;
  }

  #begin(origin: Origin, begun: Begun, now: number): unknown {
    if (!this.#options.isCurrent(origin)) {
      return refuse(new FlowError('run_superseded', `Expected the run that "${origin.stepId}" goes by, got run ${origin.run}: the step has ended, timed out, or was cancelled. Nothing of it is stored`));
    }
    const { executionId } = origin;
    const number = (this.#last.get(executionId) ?? 0) + 1;
    this.#last.set(executionId, number);
    const record: InteractionRecord = {
      ...origin, ...begun, number, status: 'pending', response: null, inputTokens: null, outputTokens: null, totalTokens: null, cost: null, startedAt: now,
      settledAt: null, failure: null,
    };
    const live: Live = { snapshot: machine.initial(undefined), record };
    this.#live.set(toKey(record), live);
    this.#changed.set(live, undefined);
    return { executionId, number };
  }

  #settle(place: InteractionPlace, event: InteractionEvent, ended: Ended, now: number): boolean {
    const live = this.#live.get(toKey(place));
    if (!live) return false;
    this.#move(live, event, ended, now);
    return true;
  }

  /** Of a process that died: nobody waits for the answer any more. */
  #interrupt(record: InteractionRecord, now: number): void {
    const live: Live = { snapshot: machine.restore('pending', { failure: null }), record };
    this.#live.set(toKey(record), live);
    this.#move(live, { type: 'interaction.interrupted', failure: { ...createFailure('interrupted', 'The process ended while the model was answering'), retryable: true } }, {}, now);
  }

  #move(live: Live, event: InteractionEvent, ended: Ended, now: number): void {
    if (!this.#changed.has(live)) this.#changed.set(live, { ...live });
    live.snapshot = machine.transition(live.snapshot, event, []);
    const { value, context } = live.snapshot;
    const response = ended.response ?? (value === 'completed' ? '' : null);
    live.record = { ...live.record, ...ended, response, status: value, failure: context.failure, settledAt: Math.max(now, live.record.startedAt) } as InteractionRecord;
    this.#live.delete(toKey(live.record));
  }

  collect(batch: MutableBatch): boolean {
    if (this.#changed.size > 0) batch.interactions = [...this.#changed.keys()].map(({ record }) => record);
    return true;
  }

  perform(): void {
    this.#changed.clear();
  }

  readBack(): void {
    for (const [live, before] of this.#changed) {
      const key = toKey(live.record);
      if (before) this.#live.set(key, Object.assign(live, before));
      else this.#live.delete(key);
      // Numbers are given in order: the lowest that was given in the tick is the next.
      const { executionId, number } = live.record;
      if (!before) this.#last.set(executionId, Math.min(number - 1, this.#last.get(executionId) ?? number));
    }
    this.#changed.clear();
  }

  fail({ refused }: Envelope, error: Error): void {
    refused?.(error);
  }

  get idle(): boolean {
    return true;
  }

  halt(how: 'drain' | 'release' | 'end'): void {
    if (how === 'end') this.#reset();
  }

  #reset(): void {
    this.#live.clear();
    this.#last.clear();
    this.#changed.clear();
  }
}
