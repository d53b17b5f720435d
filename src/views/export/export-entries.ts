import type { ExecutionRecord, StepStatus } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { StepFailure } from '../../core/failure.ts';
import { toStepSessionId } from '../../core/ids.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { toArtifactInfo, type ArtifactInfo } from '../../kinds/flows/artifacts/artifact.ts';
import { eachArtifact } from '../../kinds/flows/artifacts/read-artifacts.ts';
import type { SessionHead } from '../../kinds/flows/consolidation/read-session.ts';
import { readSessionHead } from '../../kinds/flows/consolidation/read-session.ts';
import type { ExecutionSummary } from '../../kinds/flows/execution-api.ts';
import { toSummary } from '../../kinds/flows/queries.ts';
import { readHistory, type Transition } from '../read-history.ts';
import { readStored, toRowKey, type StoredColumn } from '../../core/stored-value.ts';

/** The version of the form below; raised when it changes in a way that readers notice. */
const exportVersion = 1;

export interface ExportedExecution extends Omit<ExecutionSummary, 'blockedBy'> {
  readonly digest: string;
  readonly idempotencyKey: string | null;
  readonly parentId: string | null;
  readonly input: unknown;
}

export interface ExportedStep {
  readonly index: number;
  /** Place in the `for_each` list; not there for the step itself. */
  readonly item?: number;
  readonly stepId: string;
  readonly sessionId: string;
  readonly status: StepStatus;
  readonly attempts: number;
  readonly interruptions: number;
  /** Done by an earlier generation. */
  readonly kept?: true;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly failure: StepFailure | null;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
}

/** What an execution came to; its steps have lines of their own. */
export type ExportedSession = SessionHead;

/** What is known of a document, without its content. */
export type ExportedArtifact = ArtifactInfo;

/** One line of an export. */
export type ExportEntry =
  | { readonly type: 'export'; readonly format: 'flowstone-execution'; readonly version: number; readonly execution: ExportedExecution }
  | { readonly type: 'definition'; readonly digest: string; readonly definition: FlowDefinition }
  | ({ readonly type: 'step' } & ExportedStep)
  | Transition
  | ({ readonly type: 'consolidated' } & ExportedSession)
  | ({ readonly type: 'artifact' } & ExportedArtifact)
  | { readonly type: 'end'; readonly steps: number; readonly transitions: number; readonly artifacts: number };

/**
 * Tells everything about an execution, entry by entry: the execution, its definition, its steps with items, its
 * transitions, what it came to, and the documents it made without their contents. The last entry says how many there were, so that a cut file shows.
 */
export async function* listExportEntries(reader: RecordReader, plan: FlowPlan, record: ExecutionRecord): AsyncGenerator<ExportEntry> {
  const { key, executionId, digest, idempotencyKey, parentId } = record;
  yield {
    type: 'export', format: 'flowstone-execution', version: exportVersion,
    execution: { ...toSummary(record), digest, idempotencyKey, parentId, input: readStored('inputs.input', key, record.input) },
  };
  yield { type: 'definition', digest, definition: plan.definition };
  let steps = 0;
  // One at a time: outputs can be large, and there can be many.
  for (const { position, item, stepId, status, attempt, interruptions, originKey, failure, startedAt, settledAt } of await reader.listSteps(key)) {
    const parse = (column: StoredColumn, text: string | undefined): unknown => (text === undefined ? undefined : readStored(column, toRowKey(key, position, item), text));
    const input = parse('inputs.input', await reader.getInput(key, position, item));
    const output = status === 'completed' ? parse('attempts.output', await reader.getOutput(key, position, item)) : undefined;
    yield {
      type: 'step', index: position, ...(item >= 0 && { item }), stepId, sessionId: toStepSessionId(executionId, position),
      status, attempts: attempt, interruptions,
      ...(originKey !== null && { kept: true as const }),
      ...(input !== undefined && { input }),
      ...(output !== undefined && { output }),
      failure, startedAt, settledAt,
    };
    steps += 1;
  }
  let transitions = 0;
  for await (const transition of readHistory(reader, record)) {
    yield transition;
    transitions += 1;
  }
  const consolidated = await readSessionHead(reader, record);
  if (consolidated) yield { type: 'consolidated', ...consolidated };
  let artifacts = 0;
  if (reader.artifacts) {
    for await (const artifact of eachArtifact(reader, executionId, 'newest', key)) {
      yield { type: 'artifact', ...toArtifactInfo(artifact) };
      artifacts += 1;
    }
  }
  yield { type: 'end', steps, transitions, artifacts };
}
