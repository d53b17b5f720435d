import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { readStats } from '../../catalog/read-stats.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { ExecutionDetails } from '../../kinds/flows/execution-api.ts';
import type { ListOptions } from '../../kinds/flows/list-executions.ts';
import { listExecutions } from '../../kinds/flows/list-executions.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { readDetails, toSummary } from '../../kinds/flows/queries.ts';
import type { ExecutionPage } from '../../runtime/client-api.ts';

/** Leaves out what is undefined. */
export function given<Options extends object>(options: Options): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Name in keyof Options]: Exclude<Options[Name], undefined> };
}

/** What clients may read, by the store alone: it answers while nobody owns that, too. */
export class StoreReads {
  readonly #reader: RecordReader;
  readonly #plans = new PlanRegistry();

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** @throws a `FlowError` with code `execution_not_found` */
  async get(executionId: string, { generation, items }: { readonly generation?: number | undefined; readonly items?: boolean | undefined } = {}): Promise<ExecutionDetails> {
    const record = await this.#reader.getExecution(executionId, generation);
    if (!record) throw new FlowError('execution_not_found', `Expected the id of an execution in ${this.#reader.location}, got ${describeValue(executionId)}`);
    return readDetails(this.#reader, await this.loadPlan(record), record, { items });
  }

  async loadPlan({ digest }: Pick<ExecutionRecord, 'digest'>): Promise<FlowPlan> {
    return this.#plans.load(this.#reader, digest);
  }

  async list(options: ListOptions, after?: string): Promise<ExecutionPage> {
    const { records, next } = await listExecutions(this.#reader, options, after);
    return { executions: records.map(record => toSummary(record)), next };
  }

  stats(options: { readonly by?: string; readonly flowId?: string; readonly limit?: number }): ReturnType<typeof readStats> {
    return readStats(this.#reader, options);
  }
}
