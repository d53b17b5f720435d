import type { ArtifactRecord } from '../../../persistence/artifact-store.ts';
import type { ExecutionRecord, StepRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { noItem } from '../../core/address.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { readActorView } from '../../kinds/actors/read-actor-view.ts';
import { toArtifactInfo } from '../../kinds/flows/artifacts/artifact.ts';
import { eachArtifact, streamContent } from '../../kinds/flows/artifacts/read-artifacts.ts';
import { toInteractionInfo } from '../../kinds/flows/interactions/interaction.ts';
import { toStepActorId } from '../../kernel/actor-call.ts';
import { redactValue } from '../../owner/redact-value.ts';
import type {
  InspectedActor, InspectedArtifact, InspectedAttempt, InspectedChild, InspectedCommit, InspectedExecution, InspectedHeader, InspectedInput, InspectedRow, InspectedRows, InspectedText,
} from './inspected-execution.ts';
import { toInspectedPlan } from './inspected-plan.ts';

export interface ReadExecutionOptions {
  /** Takes secrets out of what is told. Default: they stay, for whoever tells it to take out. */
  readonly redact?: (text: string) => string;
  /** Characters of one value; default 256 Ki. What is longer is cut, and says how long it was. */
  readonly maxLength?: number;
  /** As given to the runtime; default 5. */
  readonly maxInterruptions?: number;
  /** Default true. */
  readonly withJournal?: boolean;
  /** Default `all`. */
  readonly rows?: InspectedRows | undefined;
}

const defaultMaxLength = 262_144;
const pageSize = 1_000;
const maxActorEvents = 500;

/** Reads all that a page shows of one execution. What is under way is there as far as it is stored. */
export async function readInspectedExecution(reader: RecordReader, plan: FlowPlan, record: ExecutionRecord, options: ReadExecutionOptions): Promise<InspectedExecution> {
  const { redact, maxLength = defaultMaxLength, maxInterruptions = 5, withJournal = true, rows: wanted = 'all' } = options;
  const cut = (text: string): InspectedText => {
    const clean = redact ? redact(text) : text;
    return { text: clean.slice(0, maxLength), length: clean.length };
  };
  // What an earlier generation has done is not in this one's journal.
  const all = wanted === 'none' && record.generation === 1 ? [] : await reader.listSteps(record.key);
  const rows = wanted === 'all' ? all : all.filter(({ item, originKey }) => originKey !== null || (wanted === 'steps' && item === noItem));
  const told = {
    format: 'flowstone-inspected', version: 1,
    execution: await toHeader(reader, record, cut),
    plan: toInspectedPlan(plan),
    maxInterruptions,
    commits: withJournal ? await readCommits(reader, record.key) : [],
    rows: wanted,
    steps: rows.map(toRow),
    attempts: wanted === 'none' ? [] : await readAttempts(reader, record.key, rows, { cut, isWanted: item => wanted === 'all' || item === noItem }),
    inputs: await readInputs(reader, record.key, plan, rows, cut),
    signals: (await reader.listSignals(record.key)).map(({ number, name, payload, receivedAt }) => ({ number, name, payload, receivedAt })),
    artifacts: await readArtifacts(reader, record, maxLength),
    interactions: await readInteractions(reader, record.executionId),
    children: await readChildren(reader, record.executionId),
    actors: await readActors(reader, plan, record, rows),
  } satisfies InspectedExecution;
  return (redact ? redactValue(told, redact) : told) as InspectedExecution;
}

async function toHeader(reader: RecordReader, record: ExecutionRecord, cut: (text: string) => InspectedText): Promise<InspectedHeader> {
  const { context: _context, key: _key, input, ...header } = record;
  const labels = (await reader.catalog?.listLabels(record.executionId)) ?? [];
  return { ...header, input: cut(input), labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])) };
}

/** Reads commits of a journal in their order. @param begin number of the transition behind which it begins */
export async function readCommits(reader: RecordReader, key: number, begin = 0, limit = Number.POSITIVE_INFINITY): Promise<InspectedCommit[]> {
  const commits: InspectedCommit[] = [];
  for (let after = begin; ;) {
    const wanted = Math.min(pageSize, limit - commits.length);
    const rows = wanted > 0 ? await reader.readJournal(key, after, wanted) : [];
    for (const { seq, at, entries } of rows) {
      const list = JSON.parse(entries) as readonly (readonly unknown[])[];
      commits.push([seq, at, list]);
      after = Math.max(after, seq + list.length - 1);
    }
    if (rows.length < wanted || wanted <= 0) return commits;
  }
}

const toRow = ({ executionKey: _key, originKey, originPosition: _position, ...row }: StepRecord): InspectedRow => ({ ...row, ...(originKey !== null && { kept: true as const }) });

/** Runs of this generation, and those of earlier ones that it has kept. */
async function readAttempts(
  reader: RecordReader, key: number, rows: readonly StepRecord[], { cut, isWanted }: { readonly cut: (text: string) => InspectedText; readonly isWanted: (item: number) => boolean },
): Promise<InspectedAttempt[]> {
  const kept = new Map(rows.flatMap(row => (row.originKey === null ? [] : [[`${row.originKey}/${row.originPosition ?? row.position}/${row.item}`, row.position] as const])));
  const origins = new Set(rows.flatMap(({ originKey }) => originKey ?? []));
  const attempts: InspectedAttempt[] = [];
  for (const origin of [...[...origins].toSorted((a, b) => a - b), key]) {
    for (const { executionKey, output, ...attempt } of await reader.listAttempts(origin)) {
      const position = executionKey === key ? attempt.position : kept.get(`${executionKey}/${attempt.position}/${attempt.item}`);
      if (position !== undefined && isWanted(attempt.item)) attempts.push({ ...attempt, position, output: output === null ? null : cut(output) });
    }
  }
  return attempts;
}

async function readInputs(reader: RecordReader, key: number, plan: FlowPlan, rows: readonly StepRecord[], cut: (text: string) => InspectedText): Promise<InspectedInput[]> {
  const inputs: InspectedInput[] = [];
  for (const { position, item } of rows) {
    const step = plan.steps[position];
    // What the definition says as it is, is not stored.
    const isList = item === noItem && step?.forEach;
    // An item without a `with` of its own is its place in the list.
    if (!step || (!isList && (step.with?.constant ?? true))) continue;
    const input = await reader.getInput(key, position, item);
    if (input !== undefined) inputs.push({ position, item, input: cut(input) });
  }
  return inputs;
}

async function readArtifacts(reader: RecordReader, { executionId, key }: ExecutionRecord, maxLength: number): Promise<InspectedArtifact[]> {
  const artifacts: InspectedArtifact[] = [];
  if (!reader.artifacts) return artifacts;
  for await (const row of eachArtifact(reader, executionId, 'newest', key)) {
    const text = row.kind === 'binary' ? undefined : await readBeginning(reader, row, maxLength);
    artifacts.push({ ...toArtifactInfo(row), ...(text !== undefined && { text }) });
  }
  return artifacts;
}

async function readBeginning(reader: RecordReader, row: ArtifactRecord, maxLength: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of streamContent(reader, row)) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > maxLength) break;
  }
  return text.slice(0, maxLength);
}

async function readInteractions(reader: RecordReader, executionId: string): Promise<InspectedExecution['interactions']> {
  const all: InspectedExecution['interactions'][number][] = [];
  for (let after = 0; reader.interactions; ) {
    const rows = await reader.interactions.list({ executionId, after, limit: pageSize });
    all.push(...rows.map(toInteractionInfo));
    after = rows.at(-1)?.number ?? after;
    if (rows.length < pageSize) break;
  }
  return all;
}

async function readChildren(reader: RecordReader, parentId: string): Promise<InspectedChild[]> {
  const children: InspectedChild[] = [];
  for (let after: number | undefined; ;) {
    const rows = await reader.listExecutions({ parentId, limit: pageSize, order: 'oldest', ...(after !== undefined && { after }) });
    children.push(...rows.map(({ executionId, flowId, status, score, parentStep, createdAt, settledAt }) => ({ executionId, flowId, status, score, parentStep, createdAt, settledAt })));
    after = rows.at(-1)?.key;
    if (rows.length < pageSize) return children;
  }
}

async function readActors(reader: RecordReader, plan: FlowPlan, { executionId, generation }: ExecutionRecord, rows: readonly StepRecord[]): Promise<InspectedActor[]> {
  const actors: InspectedActor[] = [];
  for (const { position, stepId, item } of rows) {
    if (plan.steps[position]?.role !== 'machine') continue;
    const id = toStepActorId({ executionId, generation, stepId, item });
    const record = await reader.actors?.getActor(id);
    const view = record && (await readActorView(reader, id, maxActorEvents));
    if (!record || !view) continue;
    const machine = await reader.actors?.getActorMachine(record.machineDigest);
    actors.push({ view, structure: machine?.structure ?? null });
  }
  return actors;
}
