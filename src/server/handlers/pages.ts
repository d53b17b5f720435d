import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { Asked } from '../request.ts';
import type { Told } from './handler.ts';

export const defaultLimit = 100;

/** A page of a list, and where the next one begins. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Cuts a list that was asked for one item more than are wanted. */
export function cutPage<Item>(found: readonly Item[], limit: number, toCursor: (last: Item) => string): Page<Item> {
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : toCursor(last) };
}

/** @throws a `FlowError` with code `parameter_invalid` */
export function readNumber(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw badCursor(cursor);
}

export const badCursor = (cursor: string): FlowError =>
  new FlowError('parameter_invalid', `Expected \`cursor\` to be the \`next\` of a page, got ${describeValue(cursor)}`, { place: { path: 'query.cursor' } });

/** Whether the types that are asked for name this one before JSON. */
export function prefers({ request }: Pick<Asked, 'request'>, type: string): boolean {
  const accept = request.headers.get('accept') ?? '';
  const at = accept.toLowerCase().indexOf(type);
  const json = accept.toLowerCase().indexOf('application/json');
  return at >= 0 && (json < 0 || at < json);
}

/** A page as JSON, or, where it is asked for, one item a line; the next page is then named by a header. */
export function tellPage<Item, Body>(asked: Pick<Asked, 'request'>, page: Page<Item>, toBody: (page: Page<Item>) => Body): Told<Body> {
  if (!prefers(asked, 'application/x-ndjson')) return { body: toBody(page) };
  return { text: page.items.map(item => `${JSON.stringify(item)}\n`).join(''), type: 'application/x-ndjson', ...(page.next !== null && { headers: { 'x-next-cursor': encodeURIComponent(page.next) } }) };
}
