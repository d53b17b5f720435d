import { FlowError } from '../../../core/errors.ts';
import { encodeJson } from '../../../core/json.ts';
import { describeValue } from '../../../core/wording.ts';
import type { ConsolidatedSession } from './session.ts';

/** What a consolidator of one's own answers. */
export interface ConsolidatorAnswer {
  /** 0 to 1. A critical step that failed makes it 0 all the same. */
  readonly score: number;
  /** Any JSON value; kept as `extra` of the session. */
  readonly extra?: unknown;
}

/**
 * Gives an execution its score, in place of the built-in formula. Named by `consolidation.uses`.
 *
 * It is handed the session as the built-in consolidator has made it. Runs again after a crash, so it should do nothing but
 * compute; `signal` aborts when `consolidation.timeout` is over, or the execution is cancelled.
 */
export type Consolidator = (session: ConsolidatedSession, call: { readonly signal: AbortSignal }) => ConsolidatorAnswer | Promise<ConsolidatorAnswer>;

/** @throws a `FlowError` with code `consolidation_invalid`, or what `encodeJson` throws */
export function readAnswer(answer: unknown, name: string, maxBytes: number): { readonly score: number; readonly extra: string | undefined } {
  const { score, extra } = (typeof answer === 'object' && answer !== null ? answer : {}) as { score?: unknown; extra?: unknown };
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw new FlowError('consolidation_invalid', `Expected the consolidator "${name}" to answer with a \`score\` from 0 to 1, got ${describeValue(score)}`);
  }
  return { score, extra: extra === undefined ? undefined : encodeJson(extra, { maxBytes, name: 'extra' }) };
}
