import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { InspectedExecution } from '../inspector/document/inspected-execution.ts';
import { readInspectedExecution } from '../inspector/document/read-execution.ts';
import { inspectMethods } from '../owner/inspect-methods.ts';
import type { Service } from '../owner/method.ts';
import { serveMethods } from '../owner/method.ts';

/** Longest value that is told whole, characters of JSON. */
const maxLength = 65_536;

export interface InspectingSource {
  readonly store: RecordReader;
  /** @throws a `FlowError` with code `execution_not_found` */
  readonly requireExecution: (executionId: string, generation: number | undefined) => Promise<ExecutionRecord>;
  readonly loadPlan: (record: ExecutionRecord) => Promise<FlowPlan>;
  /** Those that can be started. */
  readonly listFlows: () => readonly FlowDefinition[];
  readonly maxInterruptions: number;
}

/** A flow that can be started. */
interface StartableFlow {
  readonly id: string;
  readonly version: string;
  readonly description: string | null;
  /** JSON Schema; null: it takes anything. */
  readonly input: unknown;
}

const toStartable = ({ id, version, description, input }: FlowDefinition): StartableFlow => ({ id, version, description: description ?? null, input: input ?? null });

/** What a page can ask that looks at executions. Secrets are taken out where it is answered. */
export function serveInspecting({ store, requireExecution, loadPlan, listFlows, maxInterruptions }: InspectingSource): Service['methods'] {
  return serveMethods(inspectMethods, {
    inspect: async ({ executionId, generation, journal = true }): Promise<InspectedExecution> => {
      const record = await requireExecution(executionId, generation);
      return readInspectedExecution(store, await loadPlan(record), record, { redact: text => text, maxLength, maxInterruptions, withJournal: journal });
    },
    flows: () => listFlows().map(toStartable),
  });
}
