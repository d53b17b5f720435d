import type { ExecutionRecord, OwnerRecord } from '../../../persistence/records.ts';
import type { StoreReader } from '../../../persistence/store.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { findProcess } from '../../isolation/find-process.ts';
import { toStepActorId } from '../../runtime/machine-call.ts';
import { formatDateTime } from '../terminal/durations.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { formatReason } from '../terminal/step-line.ts';
import type { Suggest } from './suggest-command.ts';
import { outlineSteps } from './outline-steps.ts';

/** Says why an unfinished execution has not settled: what its steps do or wait for, and whether anybody works on it. */
export async function describeWait(reader: StoreReader, record: ExecutionRecord, owner: OwnerRecord | undefined, suggest: Suggest): Promise<string> {
  if (record.settledAt !== null) return '';
  const found = await findProcess(reader, record);
  const alone = owner === undefined ? found?.pid : undefined;
  const unowned = owner === undefined && alone === undefined;
  if (record.status === 'pending' && found && !unowned) return 'waits for a process of its own';
  if (record.status === 'pending') return unowned ? `not begun; no process works on it: ${suggest('resume')}` : 'waits to be admitted';
  const stored = await reader.getDefinition(record.digest);
  const outline = stored ? outlineSteps(JSON.parse(stored.definition) as FlowDefinition) : [];
  const texts: string[] = [];
  let running = 0;
  for (const step of await reader.listSteps(record.key)) {
    const name = step.item === -1 ? step.stepId : `${step.stepId}[${step.item}]`;
    const { uses = '', signal } = outline[step.position] ?? {};
    if (step.status === 'running' && step.counters === null) running += 1;
    else if (step.status === 'retrying') texts.push(`${name} is tried again at ${formatDateTime(step.dueAt)}: ${formatReason(step.failure)}`);
    else if (step.status === 'waiting') {
      const until = step.dueAt === null ? '' : `, until ${formatDateTime(step.dueAt)}`;
      if (step.recovery === 'ask') texts.push(`${name} asks what to do${until}: ${suggest(`signal ${record.executionId} ${signal ?? ''} '{ "action": "retry" }'`)} (or skip, use, fail)${step.failure ? `; ${formatReason(step.failure)}` : ''}`);
      else if (step.recovery === 'alternative') texts.push(`${name} has failed, another step stands in`);
      else if (uses === 'signal') texts.push(`${name} waits for ${signal === undefined ? 'a signal' : `signal ${signal}`}${until}`);
      else if (uses === 'await_message') texts.push(`${name} waits for a message${until}`);
      else if (uses.startsWith('flow:')) texts.push(`${name} waits for ${uses}${until}`);
      else if (uses.startsWith('machine:')) texts.push(`${name} waits for ${toPlainLine(uses)} (actor ${toStepActorId({ ...record, ...step })})${until}`);
      else texts.push(`${name} sleeps${until}`);
    }
  }
  if (running > 0) texts.unshift(unowned ? `${running} ${running === 1 ? 'run was' : 'runs were'} cut off` : `${running} ${running === 1 ? 'step runs' : 'steps run'}`);
  if (alone !== undefined) texts.push(`process ${alone} goes on with it alone; to take in what it does: ${suggest('resume')}`);
  if (unowned) texts.push(`no process works on it: ${suggest('resume')}`);
  return texts.length > 4 ? `${texts.slice(0, 3).join('; ')}; and ${texts.length - 3} more` : texts.join('; ');
}
