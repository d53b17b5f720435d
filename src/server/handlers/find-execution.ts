import type { ExecutionRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { ReadContext } from './handler.ts';

type Reading = Pick<ReadContext, 'reader'>;

/** @throws a `FlowError` with code `execution_not_found` */
export async function requireExecution({ reader }: Reading, executionId: string, generation?: number): Promise<ExecutionRecord> {
  const record = await reader.getExecution(executionId, generation);
  if (record) return record;
  const which = generation === undefined ? '' : ` and one of its generations, got generation ${generation} of`;
  throw new FlowError('execution_not_found', `Expected the id of an execution${which || ', got'} ${describeValue(executionId)}`);
}

/** An execution, or the newest one of a flow. @throws a `FlowError` with code `execution_not_found` or `flow_unknown` */
export async function requireEither(context: ReadContext, id: string): Promise<ExecutionRecord> {
  return (await context.reader.getExecution(id)) ?? requireNewest(context, id);
}

/** The newest execution of a flow. @throws a `FlowError` with code `execution_not_found` or `flow_unknown` */
export async function requireNewest(context: ReadContext, flowId: string): Promise<ExecutionRecord> {
  const [record] = await context.reader.listExecutions({ flowId, limit: 1 });
  if (record) return record;
  if (await isFlow(context, flowId)) throw new FlowError('execution_not_found', `Expected a flow that was started before, "${flowId}" never was`);
  throw new FlowError('flow_unknown', `Expected the id of an execution, or of a flow, got ${describeValue(flowId)}`);
}

async function isFlow({ reader, listOwnFlows }: ReadContext, flowId: string): Promise<boolean> {
  return listOwnFlows().some(({ id }) => id === flowId) || (await reader.catalog?.getFlow(flowId)) !== undefined;
}

const sessionForm = /^(.+)_consolidated_([1-9]\d{0,6})$/s;

/** Takes the id of a consolidated session apart; undefined: it is none. */
export function readSessionId(sessionId: string): { readonly executionId: string; readonly generation: number } | undefined {
  const [, executionId, generation] = sessionForm.exec(sessionId) ?? [];
  return executionId === undefined ? undefined : { executionId, generation: Number(generation) };
}
