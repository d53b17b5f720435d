import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { Records, RecordReader } from '../../../persistence/store.ts';
import { isFlowError } from '../../core/errors.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { Runtime } from '../../runtime/api.ts';
import type { Execution, ExecutionDetails } from '../../kinds/flows/execution-api.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { readDetails } from '../../kinds/flows/queries.ts';
import { readExpectedDurations } from '../../kinds/flows/read-progress.ts';
import { ExecutionProgress } from '../execution-progress.ts';
import { createLineView } from '../terminal/line-view.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { ProgressView } from '../terminal/progress-view.ts';
import { getProgressScreen, type CommandContext } from './command-context.ts';
import { openToRead } from './database-client.ts';
import { writeEndReport } from './end-report.ts';
import { outlineSteps } from './outline-steps.ts';
import { createScreenPalette } from './screen-palette.ts';
import { quote, type Suggest } from './suggest-command.ts';
import { listenForStop } from './stop-signals.ts';
import { readCounters } from '../../core/stored-value.ts';

/** An execution to be shown until it settles. */
export interface Followed {
  readonly execution: Execution;
  readonly flowId: string;
  readonly definition: FlowDefinition;
  /** Where it stood before the runtime took it up; undefined: as it stands now. */
  readonly base?: Base | undefined;
  /** The file its report is written to at the end. Default: one in its output folder, if it has such a folder. */
  readonly report?: string | undefined;
}

/** A state of an execution from which its transitions are told. */
export interface Base {
  /** The last transition in it. */
  readonly seq: number;
  /** Undefined: it was not there yet. */
  readonly execution?: ExecutionDetails;
  readonly items: readonly (readonly [stepId: string, counts: { readonly total: number; readonly settled: number; readonly failed: number }])[];
}

/** The base of an execution that is yet to be started. */
export const beginning: Base = { seq: 0, items: [] };

/** Reads where an execution stands. */
export async function readBase(reader: RecordReader, record: ExecutionRecord): Promise<Base> {
  const plan = await new PlanRegistry().load(reader, record.digest);
  return { seq: record.seq, execution: await readDetails(reader, plan, record), items: await readItems(reader, record) };
}

async function readItems(reader: RecordReader, { key }: ExecutionRecord): Promise<Base['items'][number][]> {
  const found: Base['items'][number][] = [];
  for (const row of await reader.listSteps(key)) {
    const counters = row.item === -1 ? readCounters(row) : null;
    if (!counters) continue;
    const { total, settled, completed } = counters;
    found.push([row.stepId, { total, settled, failed: settled - completed }]);
  }
  return found;
}

/** How a round of following ended. */
export interface Followings {
  /** In the order given; as far as they got. */
  readonly executions: readonly ExecutionDetails[];
  /** The signal that ended it early. */
  readonly stoppedBy: NodeJS.Signals | undefined;
  /** Reports that were written, by execution. */
  readonly reports: ReadonlyMap<string, string>;
}

/** Chooses a view: a live one on a terminal, lines anywhere else. */
export async function createView(context: CommandContext): Promise<ProgressView> {
  const screen = getProgressScreen(context);
  if (screen.isTTY !== true || context.env['TERM'] === 'dumb') return createLineView(screen);
  // Drawing takes 60 ms to load, which a script need not wait for.
  const { createLiveView } = await import('../terminal/live-view.ts');
  return createLiveView(screen, createScreenPalette(screen, context.env), context.clock);
}

async function follow({ execution, flowId, definition, base }: Followed, store: Records, view: ProgressView, suggest: Suggest): Promise<void> {
  const begun = await store.getExecution(execution.executionId);
  const expected = begun && await readExpectedDurations(store, compileFlow(definition), begun);
  const progress = new ExecutionProgress(execution.executionId, flowId, outlineSteps(definition, expected), definition.concurrency);
  view.add(progress);
  if (base?.execution) progress.apply({ type: 'snapshot', seq: base.seq, execution: base.execution });
  for (const [stepId, counts] of base?.items ?? []) progress.noteItems(stepId, counts);
  view.hint(describeNext(progress, suggest));
  for await (const update of execution.transitions(base ? { after: base.seq } : {})) {
    if (update.type === 'snapshot') {
      // With a base, everything since then is told one by one.
      if (base) continue;
      const record = await store.getExecution(execution.executionId);
      for (const [stepId, counts] of record ? await readItems(store, record) : []) progress.noteItems(stepId, counts);
    }
    view.changed(progress, progress.apply(update));
    view.hint(describeNext(progress, suggest));
  }
}

/** Says what a person can do now. */
function describeNext({ executionId, steps }: ExecutionProgress, suggest: Suggest): string {
  const waiting = steps.find(({ status, signal }) => status === 'waiting' && signal !== undefined);
  return waiting ? `To go on: ${suggest(`signal ${executionId} ${quote(toPlainLine(waiting.signal ?? ''))}`)}` : stopHint;
}

const stopHint = 'Ctrl-C stops it; it can be resumed';

/**
 * Shows executions until all have settled, or until Ctrl-C: then the runtime is stopped and what has not settled stays
 * resumable. A second Ctrl-C ends the process.
 */
export async function followExecutions(runtime: Runtime, store: Records, database: string, followed: readonly Followed[], view: ProgressView, suggest: Suggest): Promise<Followings> {
  const stop = listenForStop(process, () => view.end());
  try {
    const settled = Promise.all(followed.map(async one => {
      await follow(one, store, view, suggest);
      return one.execution.settled();
    }));
    // Rejects when the runtime stops first, which is what a Ctrl-C makes it do.
    settled.catch(() => undefined);
    const winner = await Promise.race([settled, stop.first]);
    if (typeof winner !== 'string') return { executions: winner, stoppedBy: undefined, reports: await writeReports(store, followed, view) };
    const { runningSteps } = runtime.health();
    view.hint('Ctrl-C again: exit now');
    if (runningSteps > 0) view.note(`Stopping: waiting up to 10 s for ${runningSteps === 1 ? 'the running step' : `${runningSteps} running steps`}; Ctrl-C again: exit now`);
    await runtime.stop();
    return { executions: await readStored(database, followed), stoppedBy: winner, reports: new Map() };
  } finally {
    stop.dispose();
    view.end();
  }
}

/** Writes the reports of executions that have settled. One that cannot be written is only said: the run is what counts. */
async function writeReports(store: Records, followed: readonly Followed[], view: ProgressView): Promise<ReadonlyMap<string, string>> {
  const reports = new Map<string, string>();
  for (const { execution: { executionId }, report } of followed) {
    try {
      const file = await writeEndReport(store, executionId, report);
      if (file !== undefined) reports.set(executionId, file);
    } catch (error) {
      if (!isFlowError(error, 'file_unwritable') && !(error instanceof Error && 'syscall' in error)) throw error;
      view.note(`The report of ${executionId} could not be written. ${error.message}`);
    }
  }
  return reports;
}

/** Reads how far executions got, once their runtime has let go of the store. */
async function readStored(file: string, followed: readonly Followed[]): Promise<ExecutionDetails[]> {
  const reader = openToRead(file);
  const plans = new PlanRegistry();
  try {
    const found: ExecutionDetails[] = [];
    for (const { execution: { executionId } } of followed) {
      const record = await reader.getExecution(executionId);
      if (record) found.push(await readDetails(reader, await plans.load(reader, record.digest), record));
    }
    return found;
  } finally {
    reader.close();
  }
}
