import type { FeedState } from '../../../persistence/feed-store.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';

const form = /^([0-9a-z]{1,11})\.([0-9a-f]{32})$/;

/** Writes a place in the journal: behind row `number`, as the owner that gave the number knew it. */
export function writeCursor({ owners }: Pick<FeedState, 'owners'>, number: number): string {
  const owner = owners.findLast(({ first }) => first <= number) ?? owners[0];
  return `${number.toString(36)}.${owner?.id ?? '0'.repeat(32)}`;
}

/**
 * Reads a place in the journal back.
 *
 * @returns the number behind which to go on; undefined: what follows it cannot be told, since it was pruned, or belongs to a
 * file that a backup has replaced
 * @throws a `FlowError` with code `cursor_invalid`
 */
export function readCursor({ head, prunedTo, owners }: FeedState, cursor: string): number | undefined {
  const [, text = '', id = ''] = (typeof cursor === 'string' && form.exec(cursor)) || [];
  if (id === '') throw new FlowError('cursor_invalid', `Expected \`after\` to be a cursor that a feed gave, or 'start', got ${describeValue(cursor)}`);
  const number = Number.parseInt(text, 36);
  const index = owners.findIndex(owner => owner.id === id);
  const owner = owners[index];
  if (!owner) return undefined;
  const end = (owners[index + 1]?.first ?? head + 1) - 1;
  return number >= owner.first - 1 && number <= end && number >= prunedTo ? number : undefined;
}

/** The number behind which a cursor stands, of one that a feed gave just now. */
export const numberOf = (cursor: string): number => Number.parseInt(cursor, 36);
