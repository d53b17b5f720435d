import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExecutionRecord, StepRecord, StoredTree } from '../../../persistence/records.ts';
import type { Answer, ExecutionHead, Records } from '../../../persistence/store.ts';
import { FlowError, isFlowError, toError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { readParentStep } from './child-id.ts';
import type { Envelope } from '../../engine/kind.ts';
import type { FlowCommand } from './flow-commands.ts';
import { toBreak } from './flow-commands.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { adoptPlans } from './plan-registry.ts';
import { FairTurns, longWaitMs } from '../../engine/fair-turns.ts';
import type { Host } from './host.ts';
import { loadTree } from './loader.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { Resident } from './resident.ts';
import { createResident } from './resident.ts';
import { StandingExecutions } from './may-go-on.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';

export interface AdmissionOptions {
  readonly store: Records;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly maxActiveFlows: number;
  readonly maxInterruptions: number;
  /** Whether an execution that was there before this runtime may go on. */
  readonly mayContinue: (execution: ExecutionHead) => boolean;
  /** Why a plan cannot run here; undefined: it can. */
  readonly findObstacle: (plan: FlowPlan) => StepFailure | undefined;
  /** Whether somebody has it stand still: then nothing is done for it that it was not told. */
  readonly isHeld: (executionId: string, path: string, flowId?: string) => boolean;
  /** There are sleeping executions; the next one is due then. */
  readonly sleepUntil: (at: number) => void;
  /** Something that was being read has been read. */
  readonly progressed: () => void;
  /** Something between the store and memory went wrong. */
  readonly fault: (error: unknown) => void;
}

const noTree: Pick<StoredTree, 'checkpoint' | 'steps'> = { checkpoint: undefined, steps: [] };

/** One whose steps have all ended needs nobody any more to come to its score. */
const awaitsParent = (record: ExecutionRecord): record is ExecutionRecord & { readonly parentId: string } => record.parentId !== null && record.status !== 'consolidating';

const unreadableCode = 'execution_unreadable';

const toUnreadable = (executionId: string, location: string, error: unknown): StepFailure =>
  createFailure(unreadableCode, `Expected the rows of the execution ${executionId} in ${location} to be readable: ${toFailure(error).message}`, isFlowError(error) ? error.details : undefined);

/** Executions read at once. */
const pageSize = 256;

/** Brings executions from the store into memory: cut-off ones first, then due ones, then those that wait to be admitted. */
export class Admission {
  /** Executions that cannot go on here, and why. */
  readonly blocked = new Map<string, StepFailure>();
  readonly standing: StandingExecutions;
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
  readonly #turns = new FairTurns();
  /** No execution up to this key waits to be admitted. */
  #youngerThan = 0;
  #isResting = false;

  constructor(options: AdmissionOptions, host: Host) {
    this.#options = options;
    this.#host = host;
    this.standing = new StandingExecutions({ ...options, post: command => host.post(command) });
  }

  /** Executions are being read. */
  get busy(): boolean {
    return this.#filling || this.#arriving.size > 0;
  }

  /** It has settled. */
  forget(executionId: string): void {
    this.blocked.delete(executionId);
    this.#left.delete(executionId);
  }

  /** Gives no slot to an execution in the store until it is over. */
  rest(isResting: boolean): void {
    if (!(this.#isResting = isResting)) this.fill();
  }

  /** Gives free slots to executions in the store. */
  fill(): void {
    if (this.#filling || this.#isResting) return void (this.#again = true);
    this.#filling = true;
    this.#again = false;
    this.#fillAll().then(
      () => {
        this.#filling = false;
        if (this.#again) this.fill();
        this.#options.progressed();
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
    this.#arrive(executionId, () => this.#load(executionId, messages)).then(
      found => {
        if (!found) for (const next of messages) next.done?.(false as never);
      },
      error => {
        const failure = toError(error);
        for (const next of messages) next.refused?.(failure);
      },
    );
  }

  /** These come once more. */
  takeBack(envelopes: readonly Envelope[]): void {
    for (const arriving of this.#arriving.values()) {
      for (const envelope of envelopes) if (arriving.includes(envelope)) arriving.splice(arriving.indexOf(envelope), 1);
    }
  }

  /** Brings an execution that others wait for into memory, whatever the limit says. */
  bring(execution: Pick<ExecutionRecord, 'executionId'> & Partial<ExecutionRecord>): void {
    const { executionId } = execution;
    if (this.#host.residents.has(executionId) || this.#arriving.has(executionId) || this.standing.passOver(execution)) return;
    const messages: Envelope[] = [];
    this.#arriving.set(executionId, messages);
    this.#arrive(executionId, () => this.#load(executionId, messages)).catch(error => this.#leave(executionId, error));
  }

  /** It stands still no more. */
  released(executionId: string): void {
    this.standing.release(executionId);
    const resident = this.#host.residents.get(executionId);
    // Where it only waits it leaves memory.
    if (resident) this.#host.post({ type: 'goOn', resident });
    this.fill();
  }

  /** What cannot be read back stays where it is, and holds up nobody else. */
  #leave(executionId: string, error: unknown): void {
    if (isStoreTrouble(error)) return this.#options.fault(error);
    if (!this.blocked.has(executionId)) this.blocked.set(executionId, toFailure(error, false));
  }

  /** Takes up an execution that was left where it is. */
  takeUp(record: ExecutionRecord): void {
    this.#left.delete(record.executionId);
    return record.status === 'pending' ? this.fill() : this.bring(record);
  }

  /** While an execution is on its way, nobody else may read it: what was read would be out of date when it is used, and so would what was kept of it. */
  async #arrive<Value>(executionId: string, load: () => Promise<Value>): Promise<Value> {
    this.#host.forgetResting(executionId);
    try {
      return await load();
    } finally {
      this.#arriving.delete(executionId);
      this.#options.progressed();
    }
  }

  /** @returns false when there is nothing to wake: no such execution, or it has settled */
  async #load(executionId: string, messages: readonly Envelope[]): Promise<boolean> {
    const record = await this.#options.store.getExecution(executionId);
    if (!record || record.settledAt !== null) return false;
    await this.#restore(record, 'woken', messages);
    return true;
  }

  async #restore(record: ExecutionRecord, how: 'requested' | 'woken', messages: readonly Envelope[], stored?: StoredTree): Promise<void> {
    const resident = await this.#read(record, stored);
    // Somebody has it stand still since, and nothing was let in for it.
    if (messages.length === 0 && this.standing.passOver(record)) return;
    this.standing.release(record.executionId);
    const command: FlowCommand = { type: 'restored', resident, how, envelopes: messages };
    try {
      await this.#host.ask(command);
    } catch (error) {
      if (isStoreTrouble(error) || !this.#host.isOpen) throw error;
      await this.#restoreAlone(resident, how);
      // Each for itself: one of them may be to blame.
      for (const envelope of messages) this.#host.postAgain(envelope);
    }
  }

  /** Without what has come for it; an execution that cannot even be gone on with fails. */
  async #restoreAlone(resident: Resident, how: 'requested' | 'woken'): Promise<void> {
    try {
      await this.#host.ask({ type: 'restored', resident, how, envelopes: [] });
    } catch (again) {
      if (isStoreTrouble(again) || !this.#host.isOpen) throw again;
      await this.#host.ask({ type: 'break', resident, failure: toBreak(toError(again)) });
    }
  }

  /** @throws a `FlowError` with code `execution_unreadable` when its rows make no sense: its own trouble, nobody else's */
  async #read(record: ExecutionRecord, stored: StoredTree | undefined): Promise<Resident> {
    const { store, machines, plans, maxInterruptions } = this.#options;
    const { executionId, digest } = record;
    try {
      await adoptPlans(store, plans, record);
      const plan = await plans.load(store, digest);
      const { header, tree, rows } = await loadTree(store, machines, plan, record, maxInterruptions, stored);
      return createResident(header, tree, false, [], undefined, rows);
    } catch (error) {
      // The store could not be read at all, or the definition is none for this release.
      if (isFlowError(error) && error.code !== 'store_damaged') throw error;
      const unreadable = toUnreadable(executionId, store.location, error);
      this.blocked.set(executionId, unreadable);
      throw new FlowError(unreadable.code, unreadable.message, { cause: error, ...(unreadable.details && { details: unreadable.details }) });
    }
  }

  async #fillAll(): Promise<void> {
    const { store } = this.#options;
    while (this.#cursor !== null && this.#host.freeSlots > 0) {
      const answer = store.listInterrupted(this.#cursor, Math.min(pageSize, this.#host.freeSlots));
      const page = await answer;
      this.#cursor = page.at(-1)?.key ?? null;
      await this.#admit(page, answer instanceof Promise);
    }
    let now = this.#host.now();
    const listDue = (limit: number): Answer<ExecutionRecord[]> => store.listDue((now = this.#host.now()), limit);
    while (this.#host.freeSlots > 0) if ((await this.#admitNext(listDue, this.#host.freeSlots)) === 0) break;
    while (this.#host.freeSlots > 0) if (!(await this.#admitPending())) break;
    if (this.#host.freeSlots === 0) return void this.#host.tellOrchestrator({ type: 'backlog.noted' });
    this.#host.tellOrchestrator({ type: 'backlog.drained' });
    const next = await store.nextWakeAt(now);
    if (next !== undefined) this.#options.sleepUntil(next);
  }

  /** @returns false when there are none */
  async #admitPending(): Promise<boolean> {
    const { store } = this.#options;
    const places = Math.min(pageSize, this.#host.freeSlots);
    const listAged = async (limit: number): Promise<ExecutionRecord[]> => {
      const page = await store.listExecutions({ status: ['pending'], order: 'oldest', after: this.#youngerThan, limit });
      const [oldest] = page;
      if (oldest) this.#youngerThan = oldest.key - 1;
      return page.filter(({ createdAt }) => this.#host.now() - createdAt >= longWaitMs);
    };
    const aged = await this.#admitNext(listAged, this.#turns.countAged(places));
    const urgent = await this.#admitNext(limit => store.listPending(limit), places - aged);
    this.#turns.note(aged + urgent);
    return aged + urgent > 0;
  }

  /**
   * Admits the next executions of a list that are neither in memory nor left out; those may stand before others.
   *
   * @returns how many; 0 when there are none
   */
  async #admitNext(list: (limit: number) => Answer<ExecutionRecord[]>, most: number): Promise<number> {
    const wanted = Math.min(pageSize, most);
    if (wanted === 0) return 0;
    for (let limit = wanted + this.blocked.size + this.#left.size; ; limit *= 4) {
      const answer = list(limit);
      const page = await answer;
      const fresh = page.filter(record => this.#isNew(record)).slice(0, wanted);
      if (fresh.length > 0) await this.#admit(fresh, answer instanceof Promise);
      if (fresh.length > 0 || page.length < limit) return fresh.length;
    }
  }

  #isNew(record: ExecutionRecord): boolean {
    const { executionId } = record;
    if (this.#host.residents.has(executionId) || this.#arriving.has(executionId) || this.blocked.has(executionId) || this.#left.has(executionId)) return false;
    return !this.standing.passOver(record);
  }

  /** @param late the records may have changed since they were read */
  async #admit(records: readonly ExecutionRecord[], late: boolean): Promise<void> {
    const fresh = records.filter(record => this.#isNew(record));
    for (const { executionId } of fresh) {
      this.#host.forgetResting(executionId);
      this.#arriving.set(executionId, []);
    }
    const stored = late ? undefined : await this.#readTogether(fresh);
    await Promise.all(fresh.map(record => this.#arrive(record.executionId, () => this.#admitOne(record, late, stored?.get(record.key)))));
  }

  /** What a page of executions is read back from, by key: in one read. Undefined: each has to be read alone, as one of them cannot be. */
  async #readTogether(records: readonly ExecutionRecord[]): Promise<ReadonlyMap<number, StoredTree> | undefined> {
    const keys = records.filter(record => !awaitsParent(record) && this.#options.mayContinue(record)).map(({ key }) => key);
    if (keys.length < 2) return undefined;
    try {
      const trees = await this.#options.store.readTrees(keys);
      return new Map(keys.map((key, index) => [key, trees[index] as StoredTree]));
    } catch (error) {
      if (isFlowError(error, 'store_damaged')) return undefined;
      throw error;
    }
  }

  async #admitOne(read: ExecutionRecord, late: boolean, stored: StoredTree | undefined): Promise<void> {
    const { executionId } = read;
    const messages = this.#arriving.get(executionId) ?? [];
    const record = late ? await this.#options.store.getExecution(executionId) : read;
    if (!record || record.settledAt !== null) return;
    if (awaitsParent(record)) return this.#leaveToParent(record, record.parentId, messages);
    const obstacle = this.#options.mayContinue(record) ? await this.#findObstacle(record) : null;
    if (obstacle === null) this.#left.add(executionId);
    else if (obstacle) this.blocked.set(executionId, obstacle);
    else {
      try {
        return await this.#restore(record, 'requested', messages, stored);
      } catch (error) {
        if (isStoreTrouble(error)) throw error;
        this.#leave(executionId, error);
      }
    }
    for (const message of messages) this.#host.postAgain(message);
  }

  /** Whoever started it brings it when it goes on itself. A step that no longer waits meant to cancel it, and was cut off before. */
  async #leaveToParent(record: ExecutionRecord, parentId: string, messages: readonly Envelope[]): Promise<void> {
    this.#left.add(record.executionId);
    await this.#cancelUnlessAwaited(record, parentId);
    for (const message of messages) this.#host.postAgain(message);
  }

  /**
   * Looks after flows that only a signal, or a time far ahead, would wake: whoever meant to cancel one may have been cut off before.
   *
   * @param lastKey younger ones were started since
   */
  lookAfter(lastKey: number): void {
    this.#lookAfter(lastKey).catch(error => this.#options.fault(error));
  }

  async #lookAfter(lastKey: number): Promise<void> {
    const { store, mayContinue } = this.#options;
    for (let after = 0; after < lastKey; ) {
      await nextTurn();
      if (!this.#host.isOpen) return;
      const page = await store.listStepping(after, pageSize);
      for (const record of page) {
        if (record.parentId === null || record.wakeAt === 0 || record.key > lastKey || !mayContinue(record)) continue;
        await this.#cancelUnlessAwaited(record, record.parentId);
        await nextTurn();
        if (!this.#host.isOpen) return;
      }
      after = page.length < pageSize ? lastKey : (page.at(-1)?.key ?? lastKey);
    }
  }

  async #cancelUnlessAwaited(record: ExecutionHead, parentId: string): Promise<void> {
    if (await this.#isAwaited(record, parentId)) return;
    const { executionId } = record;
    const failure = createFailure('cancelled', 'The step that started it no longer waits');
    this.#host.post({ type: 'message', executionId, message: { to: 'flow', event: { type: 'flow.cancel', failure, cleanUp: 'keep' } } });
  }

  async #isAwaited({ parentStep }: ExecutionHead, parentId: string): Promise<boolean> {
    const { store } = this.#options;
    const parent = await store.getExecution(parentId);
    if (!parent || parent.settledAt !== null) return false;
    if (parentStep === null) return true;
    const { position, item, generation } = readParentStep(parentStep);
    if (generation !== parent.generation) return false;
    const [{ checkpoint, steps } = noTree] = await store.readTrees([parent.key]);
    const isIt = (row: StepRecord): boolean => row.position === position && row.item === item;
    return (steps.find(isIt) ?? checkpoint?.open.find(isIt))?.status === 'waiting';
  }

  async #findObstacle(record: ExecutionRecord): Promise<StepFailure | undefined> {
    const { plans, store, findObstacle } = this.#options;
    try {
      await adoptPlans(store, plans, record);
      return findObstacle(await plans.load(store, record.digest));
    } catch (error) {
      if (isFlowError(error, 'store_damaged')) return toUnreadable(record.executionId, store.location, error);
      // What is wrong with the store passes or is reported; what is wrong with the definition stays.
      if (!isFlowError(error, 'definition_missing') && !isFlowError(error, 'definition_invalid')) throw error;
      return createFailure(error.code, error.message);
    }
  }
}
