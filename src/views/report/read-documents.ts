import type { ArtifactRecord } from '../../../persistence/artifact-store.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { eachArtifact, streamContent } from '../../kinds/flows/artifacts/read-artifacts.ts';
import type { ExecutionView, StepView } from '../execution-view.ts';
import type { MissingDocument, ReportDocument, ReportDocuments } from './report-document.ts';

function toDocument(reader: RecordReader, row: ArtifactRecord): ReportDocument {
  const { name, kind, stepId, version, size, sha256 } = row;
  return {
    name, kind, stepId, version, size, sha256,
    async read() {
      const decoder = new TextDecoder();
      let text = '';
      for await (const piece of streamContent(reader, row)) text += decoder.decode(piece, { stream: true });
      return text + decoder.decode();
    },
  };
}

function explain({ status, failure }: StepView): string {
  if (failure) return `${failure.code}: ${failure.message}`;
  return status === 'pending' ? 'The step has not begun' : `The step is ${status}`;
}

/** Documents that a step's definition declares and that are not there; a completed step has made all of its own. */
function listMissing(step: StepView, declared: readonly string[], made: ReadonlySet<string>, madeAny: boolean): MissingDocument[] {
  const { stepId, status, failure } = step;
  const leftOut = status === 'skipped' && failure?.code === 'condition_false';
  if (status === 'completed' || leftOut) return [];
  return declared
    .filter(name => (name.includes('{%') ? !madeAny : !made.has(name)))
    .map(name => ({ name, stepId, status, reason: explain(step) }));
}

/** Reads what an execution had made when the life with this key was its newest, in the order of its definition, and what it should have made. */
export async function readDocuments(reader: RecordReader, plan: FlowPlan, view: ExecutionView, key: number): Promise<ReportDocuments> {
  const rows: ArtifactRecord[] = [];
  if (reader.artifacts) for await (const row of eachArtifact(reader, view.executionId, 'newest', key)) rows.push(row);
  const made = new Set(rows.map(({ name }) => name));
  const makers = new Set(rows.map(({ stepId }) => stepId));
  const positions = new Map(view.steps.map(({ stepId, index }) => [stepId, index]));
  const declared = plan.definition.steps.map(({ artifacts = [] }) => artifacts.map(({ name }) => name));
  const places = new Map(declared.flatMap(names => names.map((name, place) => [name, place] as const)));
  const rank = ({ stepId }: ArtifactRecord): number => positions.get(stepId) ?? Number.MAX_SAFE_INTEGER;
  const place = ({ name }: ArtifactRecord): number => places.get(name) ?? Number.MAX_SAFE_INTEGER;
  const ordered = rows.toSorted((a, b) => rank(a) - rank(b) || place(a) - place(b) || a.item - b.item || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  return {
    present: ordered.map(row => toDocument(reader, row)),
    missing: view.steps.flatMap(step => listMissing(step, declared[step.index] ?? [], made, makers.has(step.stepId))),
  };
}
