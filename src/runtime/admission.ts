import type { ExecutionRecord } from '../../persistence/records.ts';
import type { Answer, Store } from '../../persistence/store.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { Envelope, Host } from './host.ts';
import { loadTree } from './loader.ts';
import type { Machines } from './machines.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { toFailure } from './step-runner.ts';

export interface AdmissionOptions {
  readonly store: Store;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly maxActiveFlows: number;
  readonly maxInterruptions: number;
  /** Whether an execution that was there before this runtime may go on. */
  readonly mayContinue: (record: ExecutionRecord) => boolean;
  /** Why a plan cannot run here; undefined: it can. */
  readonly findObstacle: (plan: FlowPlan) => StepFailure | undefined;
  /** Something between the store and memory went wrong. */
  readonly fault: (error: unknown) => void;
}

/** Executions read at once. */
const pageSize = 256;

/** Brings executions from the store into memory: cut-off ones first, then due ones, then those that wait to be admitted. */
export class Admission {
  /** Executions that cannot go on here, and why. */
  readonly blocked = new Map<string, StepFailure>();
  readonly #options: AdmissionOptions;
  readonly #host: Host;
  /** Messages for executions that are on their way into memory. */
  readonly #arriving = new Map<string, Envelope[]>();
  /** Executions that were left where they are on request. */
  readonly #left = new Set<string>();
  #filling = false;
  #again = false;
  /** Cut-off executions up to this key have been looked at; null: all have. */
  #cursor: number | null = 0;

  constructor(options: AdmissionOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  /** Executions are being read. */
  get busy(): boolean {
    return this.#filling || this.#arriving.size > 0;
  }

  /** Gives free slots to executions in the store. */
  fill(): void {
    if (this.#filling) {
      this.#again = true;
      return;
    }
    this.#filling = true;
    this.#fillAll().then(
      () => {
        this.#filling = false;
        if (this.#again) {
          this.#again = false;
          this.fill();
        }
      },
      error => {
        this.#filling = false;
        this.#options.fault(error);
      },
    );
  }

  /** Brings one execution into memory because a message has arrived for it. */
  wake(executionId: string, envelope: Envelope): void {
    const arriving = this.#arriving.get(executionId);
    if (arriving) return void arriving.push(envelope);
    const messages = [envelope];
    this.#arriving.set(executionId, messages);
    this.#load(executionId, messages).then(
      found => {
        this.#arriving.delete(executionId);
        if (!found) for (const next of messages) if (next.kind === 'message') next.done?.(false);
      },
      error => {
        this.#arriving.delete(executionId);
        const failure = error instanceof Error ? error : new Error(String(error));
        for (const next of messages) next.refused?.(failure);
      },
    );
  }

  /** @returns false when there is nothing to wake: no such execution, or it has settled */
  async #load(executionId: string, messages: readonly Envelope[]): Promise<boolean> {
    const record = await this.#options.store.getExecution(executionId);
    if (!record || record.settledAt !== null) return false;
    await this.#restore(record, 'woken', messages);
    return true;
  }

  async #restore(record: ExecutionRecord, how: 'requested' | 'woken', messages: readonly Envelope[] = []): Promise<boolean> {
    const { store, machines, plans, maxInterruptions } = this.#options;
    const plan = await plans.load(store, record.digest);
    const { header, tree } = await loadTree(store, machines, plan, record, maxInterruptions);
    return new Promise((resolve, reject) => this.#host.post({ kind: 'restored', header, tree, how, messages, done: resolve, refused: reject }));
  }

  async #fillAll(): Promise<void> {
    while (this.#cursor !== null && this.#host.freeSlots > 0) {
      const page = await this.#options.store.listInterrupted(this.#cursor, Math.min(pageSize, this.#host.freeSlots));
      this.#cursor = page.at(-1)?.key ?? null;
      await this.#admit(page);
    }
    const { store } = this.#options;
    for (const list of [(limit: number) => store.listDue(this.#host.now(), limit), (limit: number) => store.listPending(limit)]) {
      while (this.#host.freeSlots > 0) {
        const page = await this.#listNew(list);
        if (page.length === 0) break;
        await this.#admit(page);
      }
    }
    if (this.#host.freeSlots > 0) this.#host.ask({ type: 'backlog.drained' });
    else this.#host.ask({ type: 'backlog.noted' });
  }

  /** The next executions that are neither in memory nor left out; those may stand before others in the store's order. */
  async #listNew(list: (limit: number) => Answer<ExecutionRecord[]>): Promise<ExecutionRecord[]> {
    const wanted = Math.min(pageSize, this.#host.freeSlots);
    for (let limit = wanted + this.blocked.size + this.#left.size; ; limit *= 4) {
      const page = await list(limit);
      const fresh = page.filter(record => this.#isNew(record)).slice(0, wanted);
      if (fresh.length > 0 || page.length < limit) return fresh;
    }
  }

  #isNew({ executionId }: ExecutionRecord): boolean {
    return !this.#host.residents.has(executionId) && !this.#arriving.has(executionId) && !this.blocked.has(executionId) && !this.#left.has(executionId);
  }

  async #admit(records: readonly ExecutionRecord[]): Promise<void> {
    const answers: Promise<boolean>[] = [];
    for (const record of records) {
      if (!this.#isNew(record)) continue;
      if (!this.#options.mayContinue(record)) {
        this.#left.add(record.executionId);
        continue;
      }
      const obstacle = await this.#findObstacle(record);
      if (obstacle) this.blocked.set(record.executionId, obstacle);
      else answers.push(this.#restore(record, 'requested'));
    }
    await Promise.all(answers);
  }

  async #findObstacle(record: ExecutionRecord): Promise<StepFailure | undefined> {
    const { plans, store, findObstacle } = this.#options;
    try {
      return findObstacle(await plans.load(store, record.digest));
    } catch (error) {
      const { code, message } = toFailure(error);
      return createFailure(code, message);
    }
  }
}
