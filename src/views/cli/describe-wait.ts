import { readUses } from '../../definition/step-kinds.ts';
import type { ExecutionRecord, OwnerRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { findProcess } from '../../isolation/find-process.ts';
import { toStepActorId } from '../../kernel/actor-call.ts';
import { formatDateTime } from '../terminal/durations.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { formatReason } from '../terminal/step-line.ts';
import { findStartTools } from './start-folder.ts';
import { quote, type Suggest } from './suggest-command.ts';
import { outlineSteps } from './outline-steps.ts';
import { readDefinition } from '../../definition/compile-stored.ts';

/** Something an execution waits for, and the command that a person can type. */
export interface Wait {
  readonly text: string;
  /** Whole: it is to be copied. */
  readonly command?: string | undefined;
}

/** All of it in one line, for programs. */
export const joinWaits = (waits: readonly Wait[]): string => waits.map(({ text, command }) => (command === undefined ? text : `${text}: ${command}`)).join('; ');

const maxWaits = 4;

/** Says why an unfinished execution has not settled: what its steps do or wait for, and whether anybody works on it. */
export async function describeWaits(reader: RecordReader, record: ExecutionRecord, owner: OwnerRecord | undefined, cwd: string, suggest: Suggest): Promise<readonly Wait[]> {
  if (record.settledAt !== null) return [];
  // Whoever started it brings it along.
  const resume = record.parentId === null ? suggest(`resume ${record.executionId}`, { tools: findStartTools(record, cwd) }) : undefined;
  const found = await findProcess(reader, record);
  const alone = owner === undefined ? found?.pid : undefined;
  const unowned = owner === undefined && alone === undefined;
  if (record.status === 'pending' && found && !unowned) return [{ text: 'waits for a process of its own' }];
  if (record.status === 'pending') return unowned ? [{ text: 'not begun; no process works on it', command: resume }] : [{ text: 'waits to be admitted' }];
  const stored = await reader.getDefinition(record.digest);
  const outline = stored ? outlineSteps(readDefinition(stored)) : [];
  const waits: Wait[] = [];
  const add = (text: string, command?: string): void => void waits.push({ text, command });
  let running = 0;
  for (const step of await reader.listSteps(record.key)) {
    const name = step.item === -1 ? step.stepId : `${step.stepId}[${step.item}]`;
    const { uses = '', signal } = outline[step.position] ?? {};
    if (step.status === 'running' && step.counters === null) running += 1;
    else if (step.status === 'retrying') add(`${name} is tried again at ${formatDateTime(step.dueAt)}: ${formatReason(step.failure)}`);
    else if (step.status === 'waiting') {
      const until = step.dueAt === null ? '' : `, until ${formatDateTime(step.dueAt)}`;
      if (step.recovery === 'ask') add(`${name} asks what to do (retry, skip, use or fail)${until}${step.failure ? `, ${formatReason(step.failure)}` : ''}`, suggest(`signal ${record.executionId} ${quote(signal ?? '')} '{ "action": "retry" }'`));
      else if (step.recovery === 'alternative') add(`${name} has failed, another step stands in`);
      else {
        const kind = readUses(uses)?.kind;
        const actor = kind?.role === 'machine' ? ` (actor ${toStepActorId({ ...record, ...step })})` : '';
        const command = kind?.signal && signal !== undefined ? suggest(`signal ${record.executionId} ${quote(signal)}`) : undefined;
        add(`${name} ${toPlainLine(kind?.describe?.({ uses, signal }) ?? 'waits')}${actor}${until}`, command);
      }
    }
  }
  if (running > 0) waits.unshift({ text: unowned ? `${running} ${running === 1 ? 'run was' : 'runs were'} cut off` : `${running} ${running === 1 ? 'step runs' : 'steps run'}` });
  const kept = await reader.listSignals(record.key);
  if (kept.length > 0) add(`signals that no step has waited for yet: ${countNames(kept.map(signal => signal.name))}`);
  const shown = waits.length > maxWaits ? [...waits.slice(0, maxWaits - 1), { text: `and ${waits.length - maxWaits + 1} more` }] : waits;
  if (alone !== undefined) return [...shown, { text: `process ${alone} goes on with it alone; to take in what it does`, command: resume }];
  return unowned ? [...shown, { text: 'no process works on it', command: resume }] : shown;
}

/** Names with how often each is there: `approval, go (3)`. At most five of them. */
function countNames(names: readonly string[]): string {
  const counts = [...Map.groupBy(names, name => name)].map(([name, list]) => `${toPlainLine(name)}${list.length > 1 ? ` (${list.length})` : ''}`);
  return counts.length > 5 ? `${counts.slice(0, 5).join(', ')} and ${counts.length - 5} more` : counts.join(', ');
}
