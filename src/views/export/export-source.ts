import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { FlowPlan } from '../../definition/plan.ts';

/** An execution to be written, and where it is kept. */
export interface ExportSource {
  readonly reader: RecordReader;
  readonly plan: FlowPlan;
  readonly record: ExecutionRecord;
  /** Epoch ms. */
  readonly now: number;
}
