import type { AnyReader } from '../persistence/records/open-records.ts';
import { openReader } from '../persistence/records/open-records.ts';
import { FlowError } from './core/errors.ts';
import { systemClock } from './core/clock.ts';
import { PlanRegistry } from './kinds/flows/plan-registry.ts';
import { renderStoredReport } from './views/report/stored-report.ts';

export interface RenderReportOptions {
  /** The generation to show, 1 or more. Default: the newest. */
  readonly generation?: number;
  /** When it is written, epoch ms. Default: now. */
  readonly now?: number;
}

/**
 * Writes an execution as one HTML page, piece by piece: its documents, those that are missing and why, its steps.
 *
 * Works on any store, also while the execution runs. The page runs and fetches nothing, whatever steps wrote into it.
 *
 * @throws a `FlowError` with code `execution_not_found`
 */
export async function* renderReport(given: AnyReader, executionId: string, { generation, now = systemClock.now() }: RenderReportOptions = {}): AsyncGenerator<string> {
  const store = openReader(given);
  const record = await store.getExecution(executionId, generation);
  if (!record) throw new FlowError('execution_not_found', `Expected the id of an execution in ${store.location}, got "${executionId}"`);
  yield* renderStoredReport({ reader: store, plan: await new PlanRegistry().load(store, record.digest), record, now });
}
