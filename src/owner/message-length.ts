import { FlowError } from '../core/errors.ts';

/** Longest message that an owner sends, characters: below the longest text there can be. */
export const maxSentLength = 256 * 1_024 * 1_024;

/**
 * Gives back a message as JSON that is short enough to be sent.
 *
 * @param maxLength longest that it may be, characters; default: what a carrier can do
 * @throws a `FlowError` with code `request_too_large`, or `answer_too_large` without `maxLength`
 */
export function requireLength(text: string, maxLength: number | undefined): string {
  if (text.length <= (maxLength ?? maxSentLength)) return text;
  throw maxLength === undefined
    ? new FlowError('answer_too_large', `Expected an answer of at most ${maxSentLength} characters, it has ${text.length}. Ask for less at a time`)
    : new FlowError('request_too_large', `Expected a request of at most ${maxLength} characters, got ${text.length}. Send less at a time`);
}
