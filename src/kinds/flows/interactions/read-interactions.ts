import type { InteractionReader } from '../../../../persistence/interaction-store.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import type { InteractionInfo, InteractionTotals } from './interaction.ts';
import { toInteractionInfo, toInteractionTotals } from './interaction.ts';

export interface ListInteractionsOptions {
  /** Only those of this step. */
  readonly stepId?: string;
  /** Continue after this number. */
  readonly after?: number;
  /** At most; default 100. */
  readonly limit?: number;
}

function requireInteractions({ interactions, location }: RecordReader): InteractionReader {
  if (interactions) return interactions;
  throw new FlowError('interactions_unsupported', `Expected a store that keeps interactions, ${location} does not. Use the memory or the SQLite store`);
}

/** Lists recorded calls in the order in which they began. */
export async function listInteractions(reader: RecordReader, executionId: string, { stepId, after, limit = 100 }: ListInteractionsOptions = {}): Promise<InteractionInfo[]> {
  const interactions = requireInteractions(reader);
  const found: InteractionInfo[] = [];
  for (let last = after ?? 0; found.length < limit; ) {
    const rows = await interactions.list({ executionId, after: last, limit });
    found.push(...rows.filter(row => stepId === undefined || row.stepId === stepId).map(toInteractionInfo));
    last = rows.at(-1)?.number ?? last;
    if (rows.length < limit) break;
  }
  return found.slice(0, limit);
}

/** Adds the calls of an execution up, by step and model and altogether; of one generation, when its key is given. */
export async function sumInteractions(reader: RecordReader, executionId: string, executionKey?: number): Promise<InteractionTotals> {
  return toInteractionTotals(await requireInteractions(reader).total(executionId, executionKey));
}
