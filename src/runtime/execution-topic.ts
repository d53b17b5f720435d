import type { ExecutionRecord, JournalRecord, StepRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { noItem } from '../core/address.ts';
import { cutValue } from '../core/cut-value.ts';
import { FlowError } from '../core/errors.ts';
import type { JournalEntry } from '../core/journal-text.ts';
import { readEntries } from '../core/journal-text.ts';
import { readStored, toRowKey } from '../core/stored-value.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { MachineStructure } from '../kinds/actors/machine-structure.ts';
import { toChildId } from '../kinds/flows/child-id.ts';
import type { ExecutionDetails, ExecutionSummary } from '../kinds/flows/execution-api.ts';
import { readDetails } from '../kinds/flows/queries.ts';
import { toStepActorId } from '../kernel/actor-call.ts';
import type { Following, Told } from '../owner/method.ts';

/** Longest value that is told whole, characters of JSON. */
const maxToldLength = 16_384;
/** Longest row of the journal in one message; what belongs together goes on in the next. */
const rowsAtOnce = 256;

export interface ExecutionSource {
  readonly store: RecordReader;
  readonly loadPlan: (record: ExecutionRecord) => Promise<FlowPlan>;
  readonly follow: (options: FeedOptions) => AsyncIterable<FeedPage>;
  readonly toSummary: (record: ExecutionRecord) => ExecutionSummary;
  /** As given to the runtime, for whoever replays. */
  readonly maxInterruptions: number;
  /** What stands still of it, and changes of that; undefined: nobody debugs. */
  readonly getHeld: (target: string) => unknown;
  readonly watchHeld: (target: string, changed: (held: unknown) => void) => () => void;
}

/** What a step that has not settled waits for. */
export interface WaitView {
  readonly stepId: string;
  readonly item?: number;
  /** `task`: it backs off. */
  readonly for: PlannedStep['role'] | 'message' | 'person' | 'alternative';
  /** The signal that ends it. */
  readonly signal?: string;
  readonly queue?: string;
  readonly correlationId?: string | null;
  /** The execution or the actor that it waits for. */
  readonly child?: string;
  readonly actor?: string;
  /** Epoch ms. */
  readonly dueAt?: number;
}

/** The data of the snapshot of topic `execution`. */
export interface ExecutionView {
  /** With items. Values over 16 KiB are cut: `{"$cut":{"length","begins"}}`. */
  readonly execution: ExecutionDetails;
  readonly parent: { readonly executionId: string; readonly step: string | null } | null;
  /** Number of its last transition that is stored. */
  readonly seq: number;
  readonly digest: string;
  /** As it was stored with the first start: `compileStored` of `flowstone/kernel` makes the plan of it. */
  readonly definition: unknown;
  readonly maxInterruptions: number;
  /** Rows of steps that this generation has taken over from an earlier one. */
  readonly kept: readonly StepRecord[];
  readonly waits: readonly WaitView[];
  /** Machines of steps, by id: their stored structure. */
  readonly machines: { readonly [machineId: string]: MachineStructure };
  /** A `Held`; null: it does not stand still. */
  readonly held: unknown;
}

/** One commit, as topic `execution` tells it. */
export interface CommitEntry {
  readonly seq: number;
  /** Epoch ms. */
  readonly at: number;
  /** Below the flow: `scan`, `scan[3]`; '': the flow itself. */
  readonly address: string;
  readonly event: { readonly type: string; readonly [name: string]: unknown };
  /** Null: recorded and ignored. */
  readonly state: string | null;
}

const writeCursor = ({ generation }: ExecutionRecord, seq: number): string => `${generation}.${seq}`;

function readCursor(cursor: string, { generation, seq }: ExecutionRecord): number | undefined {
  const [, life, number] = /^(\d{1,9})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (number === undefined) throw new FlowError('cursor_invalid', 'Expected `after` to be a cursor that the topic `execution` gave');
  return Number(life) === generation && Number(number) <= seq ? Number(number) : undefined;
}

/** Tells of one execution: where it stands, then every commit, read from the store as fast as it is taken. */
export async function* followExecution(source: ExecutionSource, { executionId, generation, history = false }: { readonly executionId: string; readonly generation?: number | undefined; readonly history?: boolean | undefined }, { after, signal }: Following): AsyncGenerator<Told> {
  const { store, follow, getHeld, watchHeld } = source;
  await requireExecution(store, executionId, generation);
  // Before it is looked at: what is stored meanwhile is told.
  const pages = follow({ topics: [`flow:${executionId}`], signal })[Symbol.asyncIterator]();
  await pages.next();
  const record = await requireExecution(store, executionId, generation);
  const told = after === undefined ? undefined : readCursor(after, record);
  const reset = after !== undefined && told === undefined;
  let seq = told ?? (history || reset ? 0 : record.seq);
  const news: unknown[] = [];
  let wake = (): void => {};
  const unwatch = watchHeld(executionId, held => {
    news.splice(0, news.length, held);
    wake();
  });
  try {
    yield { type: 'snapshot', cursor: writeCursor(record, seq), data: await readView(source, record, getHeld(executionId)), ...(reset && { reset }) };
    let next: ReturnType<typeof pages.next> | undefined;
    for (let isSettled = record.settledAt !== null; ; ) {
      for (let rows = await readRows(store, record, seq); rows.length > 0; rows = await readRows(store, record, seq)) {
        for (const [index, row] of rows.entries()) {
          const entries = toEntries(row).filter(entry => entry.seq > seq);
          seq = entries.at(-1)?.seq ?? seq;
          if (entries.length > 0) yield { type: 'commit', cursor: writeCursor(record, seq), entries, ...(goesOn(row, rows[index + 1]) && { more: true }) };
        }
      }
      if (isSettled) return;
      while (news.length > 0) yield { type: 'volatile', data: { held: news.shift() } };
      next ??= pages.next();
      const changed = new Promise<void>(resolve => (wake = resolve));
      const arrived = await Promise.race([next, changed]);
      if (!arrived) continue;
      next = undefined;
      if (arrived.done) return;
      isSettled = (await requireExecution(store, executionId, record.generation)).settledAt !== null;
    }
  } finally {
    unwatch();
    void pages.return?.(undefined);
  }
}

async function requireExecution(store: RecordReader, executionId: string, generation: number | undefined): Promise<ExecutionRecord> {
  const record = await store.getExecution(executionId, generation);
  if (record) return record;
  throw new FlowError('execution_not_found', `Expected the id of an execution in ${store.location}, got "${executionId}"`);
}

const readRows = async (store: RecordReader, { key }: ExecutionRecord, after: number): Promise<JournalRecord[]> => store.readJournal(key, after, rowsAtOnce);

function toEntries(row: JournalRecord): CommitEntry[] {
  const entries: JournalEntry[] = readEntries(readStored<readonly (readonly unknown[])[]>('journal.entries', `${row.executionKey}/${row.seq}`, row.entries));
  return entries.map(([address, event, state], index) => ({ seq: row.seq + index, at: row.at, address, event: cutValue(event, maxToldLength) as CommitEntry['event'], state }));
}

/** A row holds at most 256 transitions; one more of the same time goes on with it. */
const goesOn = (row: JournalRecord, next: JournalRecord | undefined): boolean => next !== undefined && next.at === row.at && next.seq === row.seq + 256;

async function readView({ store, loadPlan, toSummary, maxInterruptions }: ExecutionSource, record: ExecutionRecord, held: unknown): Promise<ExecutionView> {
  const plan = await loadPlan(record);
  const details = await readDetails(store, plan, record, { items: true });
  const rows = (await store.listResults(record.key)).map(({ step }) => step);
  const execution = { ...details, ...toSummary(record), input: cutValue(details.input, maxToldLength), steps: details.steps.map(step => ('output' in step ? { ...step, output: cutValue(step.output, maxToldLength) } : step)) };
  return {
    execution, parent: record.parentId === null ? null : { executionId: record.parentId, step: record.parentStep }, seq: record.seq, digest: record.digest, definition: plan.definition, maxInterruptions,
    kept: rows.filter(({ originKey }) => originKey !== null), waits: record.settledAt === null ? await listWaits(store, record, plan, rows) : [], machines: await readMachines(store, record, plan), held: held ?? null,
  };
}

async function listWaits(store: RecordReader, record: ExecutionRecord, plan: FlowPlan, rows: readonly StepRecord[]): Promise<WaitView[]> {
  const waits: WaitView[] = [];
  for (const row of rows) {
    const step = plan.steps[row.position];
    if (!step || (row.status !== 'waiting' && row.status !== 'retrying') || row.counters !== null) continue;
    waits.push({ stepId: step.id, ...(row.item !== noItem && { item: row.item }), ...(await describeWait(store, record, step, row)), ...(row.dueAt !== null && { dueAt: row.dueAt }) });
  }
  return waits;
}

async function describeWait(store: RecordReader, record: ExecutionRecord, step: PlannedStep, { status, item, position, recovery }: StepRecord): Promise<Omit<WaitView, 'stepId'>> {
  if (status === 'retrying') return { for: 'task' };
  if (recovery === 'ask') return { for: 'person', ...(step.recover?.ask && { signal: step.recover.ask.signal }) };
  if (recovery === 'alternative') return { for: 'alternative' };
  if (step.role === 'flow') return { for: 'flow', child: toChildId(record, step.id, item) };
  if (step.role === 'machine') return { for: 'machine', actor: toStepActorId({ executionId: record.executionId, generation: record.generation, stepId: step.id, item }) };
  if (step.role === 'sleep') return { for: 'sleep' };
  const text = await store.getInput(record.key, position, item);
  const value = text === undefined ? step.with?.value : readStored('inputs.input', toRowKey(record.key, position, item), text);
  const message = step.kind.message?.(value);
  if (message) return { for: 'message', queue: message.queue, correlationId: message.correlationId };
  const signal = step.kind.signal?.(value, step.id);
  return { for: step.role, ...(signal !== undefined && { signal }) };
}

/** The machines of its steps, as they are stored with the actors that they have. */
async function readMachines({ actors }: RecordReader, { executionId, generation }: ExecutionRecord, plan: FlowPlan): Promise<ExecutionView['machines']> {
  const machines: Record<string, MachineStructure> = {};
  if (!actors) return machines;
  for (const step of plan.steps) {
    if (step.role !== 'machine' || machines[step.target]) continue;
    const actor = await actors.getActor(toStepActorId({ executionId, generation, stepId: step.id, item: step.forEach ? 0 : noItem }));
    const machine = actor && (await actors.getActorMachine(actor.machineDigest));
    if (machine) machines[step.target] = readStored<MachineStructure>('actor_machines.structure', machine.machineDigest, machine.structure);
  }
  return machines;
}
