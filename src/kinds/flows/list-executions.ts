import type { ExecutionRecord, ExecutionStatus } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';

export interface ListOptions {
  readonly status?: readonly ExecutionStatus[];
  readonly flowId?: string;
  /** Those that have all of these. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Those that this execution has started. */
  readonly parent?: string;
  /** By their start. Default `newest` first. */
  readonly order?: 'newest' | 'oldest';
  /** At most. Default 100. */
  readonly limit?: number;
}

export interface ListedPage {
  readonly records: readonly ExecutionRecord[];
  /** Where the next page begins; null: this was the last. */
  readonly next: string | null;
}

/** Labelled executions looked at in one read. */
const pageSize = 200;

/**
 * Lists executions, a page at a time.
 *
 * @param after `next` of the page before
 * @throws a `FlowError` with code `option_invalid` when `after` is not one
 */
export async function listExecutions(reader: RecordReader, { labels = {}, limit = 100, ...filter }: ListOptions, after?: string): Promise<ListedPage> {
  const place = after === undefined ? undefined : readPlace(after);
  // One more tells whether there are more.
  const found = Object.keys(labels).length > 0
    ? await listLabelled(reader, labels, filter, limit + 1, place?.executionId)
    : await reader.listExecutions({ ...toParams(filter), limit: limit + 1, ...(place && { after: place.key }) });
  const records = found.slice(0, limit);
  const last = found.length > limit ? records.at(-1) : undefined;
  return { records, next: last ? `${last.key.toString(36)}.${last.executionId}` : null };
}

function toParams({ parent, ...filter }: Omit<ListOptions, 'labels' | 'limit'>): Parameters<RecordReader['listExecutions']>[0] {
  return { ...filter, ...(parent !== undefined && { parentId: parent }) };
}

function readPlace(text: string): { readonly key: number; readonly executionId: string } {
  const [, key = '', executionId = ''] = (typeof text === 'string' && /^([0-9a-z]{1,11})\.(.+)$/s.exec(text)) || [];
  if (executionId !== '') return { key: Number.parseInt(key, 36), executionId };
  throw new FlowError('option_invalid', `Expected \`after\` to be the \`next\` of a page, got ${describeValue(text)}`);
}

/** By their ids, which are in the order of their start. */
async function listLabelled(
  reader: RecordReader,
  labels: Readonly<Record<string, string>>,
  { status, flowId, parent, order = 'newest' }: Omit<ListOptions, 'labels' | 'limit'>,
  limit: number,
  after: string | undefined,
): Promise<ExecutionRecord[]> {
  const [[name, value] = ['', ''], ...others] = Object.entries(labels);
  const isMeant = async (record: ExecutionRecord): Promise<boolean> => {
    if ((status && !status.includes(record.status)) || (flowId !== undefined && record.flowId !== flowId)) return false;
    if (parent !== undefined && record.parentId !== parent) return false;
    const marks = others.length === 0 ? [] : ((await reader.catalog?.listLabels(record.executionId)) ?? []);
    return others.every(([label, text]) => marks.some(mark => mark.name === label && mark.value === text));
  };
  const found: ExecutionRecord[] = [];
  for (let last = after; found.length < limit; ) {
    const ids = (await reader.catalog?.listLabelled({ name, value, limit: pageSize, order, ...(last !== undefined && { after: last }) })) ?? [];
    for (const id of ids) {
      const record = await reader.getExecution(id);
      if (record && (await isMeant(record))) found.push(record);
    }
    if (ids.length < pageSize) break;
    last = ids.at(-1);
  }
  return found.slice(0, limit);
}
