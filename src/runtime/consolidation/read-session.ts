import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import type { StoreReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { compileStored } from '../../definition/compile-stored.ts';
import { gatherWork } from './gather.ts';
import type { Kept } from './record.ts';
import type { ConsolidatedSession, ConsolidatedStep } from './session.ts';
import { writeSteps } from './steps-text.ts';

type Content = Omit<ConsolidatedSession, 'input' | 'steps' | 'originalSessionIds'> & { readonly input?: unknown; readonly steps?: readonly ConsolidatedStep[]; readonly stepsKept?: Kept };

/** A session without what its steps did: the score and what it was made of. */
export type ConsolidationVerdict = Omit<ConsolidatedSession, 'input' | 'steps' | 'originalSessionIds' | 'extra'>;

export function readVerdict({ content }: ConsolidatedRecord): ConsolidationVerdict {
  const { steps: _steps, stepsKept: _kept, input: _input, extra: _extra, ...verdict } = JSON.parse(content) as Content;
  return verdict;
}

/** A session with its steps; those of a long execution are read from where they are kept. */
export async function loadSession(reader: StoreReader, { content, executionId, generation, originalSessionIds }: ConsolidatedRecord): Promise<ConsolidatedSession> {
  const { stepsKept, ...rest } = JSON.parse(content) as Content;
  const input = 'input' in rest ? rest.input : JSON.parse((await reader.getExecution(executionId, generation))?.input ?? 'null');
  return { ...rest, input, steps: rest.steps ?? (stepsKept ? await readSteps(reader, executionId, stepsKept) : []), originalSessionIds: JSON.parse(originalSessionIds) as string[] };
}

async function readSteps(reader: StoreReader, executionId: string, { executionKey, digest }: Kept): Promise<ConsolidatedStep[]> {
  const record = await reader.getDefinition(digest);
  if (!record) throw new FlowError('definition_missing', `Expected the definition ${digest} in ${reader.location}, found none`);
  const plan = compileStored(record);
  return JSON.parse(writeSteps(executionId, plan, await gatherWork(reader, executionKey, plan, await reader.listSteps(executionKey)))) as ConsolidatedStep[];
}
