import { FlowError } from '../../core/errors.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';

/**
 * Finds an execution by its id or the beginning of it, when only one begins so.
 *
 * @throws a `FlowError` with code `execution_not_found` or `execution_ambiguous`.
 */
export async function requireExecution(reader: RecordReader, idOrPrefix: string): Promise<ExecutionRecord> {
  const exact = await reader.getExecution(idOrPrefix);
  if (exact) return exact;
  const matches: ExecutionRecord[] = [];
  const page = 1_000;
  for (let after: number | undefined; ;) {
    const records = await reader.listExecutions({ limit: page, ...(after !== undefined && { after }) });
    matches.push(...records.filter(({ executionId }) => idOrPrefix !== '' && executionId.startsWith(idOrPrefix)));
    if (records.length < page) break;
    after = records.at(-1)?.key;
  }
  const [match] = matches;
  if (matches.length > 1) {
    const list = matches.slice(0, 5).map(({ executionId }) => executionId).join(', ');
    throw new FlowError('execution_ambiguous', `Expected \`${idOrPrefix}\` to name one execution, it names ${matches.length}: ${list}${matches.length > 5 ? ', …' : ''}. Give more of the id`);
  }
  if (!match) {
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${reader.location}, got \`${idOrPrefix}\`. \`flowstone list\` shows what is there`, { details: { executionId: idOrPrefix } });
  }
  return match;
}

/**
 * Finds one life of an execution: the newest, unless another is asked for.
 *
 * @throws a `FlowError` with code `execution_not_found`.
 */
export async function requireGeneration(reader: RecordReader, newest: ExecutionRecord, generation = newest.generation): Promise<ExecutionRecord> {
  const record = await reader.getExecution(newest.executionId, generation);
  if (record) return record;
  throw new FlowError('execution_not_found', `Expected ${newest.executionId} to have a generation ${generation}, it has ${newest.generation}`, { details: { executionId: newest.executionId, generation } });
}
