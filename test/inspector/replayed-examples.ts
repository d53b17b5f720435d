import type { RecordReader } from '../../persistence/store.ts';
import { readInspectedExecution } from '../../src/inspector/document/read-execution.ts';
import type { InspectedExecution } from '../../src/inspector/document/inspected-execution.ts';
import { revivePlan } from '../../src/inspector/document/revive-plan.ts';
import { History } from '../../src/inspector/replay/history.ts';
import { PlanRegistry } from '../../src/kinds/flows/plan-registry.ts';

/** Reads an execution as a page is given it: through JSON. */
export async function readDocument(reader: RecordReader, executionId: string, redact: (text: string) => string = text => text): Promise<InspectedExecution> {
  const record = await reader.getExecution(executionId);
  if (!record) throw new Error(`no execution ${executionId}`);
  const plan = await new PlanRegistry().load(reader, record.digest);
  return JSON.parse(JSON.stringify(await readInspectedExecution(reader, plan, record, { redact, maxInterruptions: 5 }))) as InspectedExecution;
}

/** The whole of a document, replayed. */
export function replayDocument({ plan, maxInterruptions, steps, commits }: InspectedExecution): History {
  const history = new History(revivePlan(plan), maxInterruptions, steps);
  history.append(commits);
  history.replay();
  return history;
}
