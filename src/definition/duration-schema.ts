import { z } from 'zod';
import { durationExpected, toDurationMs } from '../core/duration.ts';

/** Duration as written; stored as ms. */
export const duration = (from: number) =>
  z.union([z.number(), z.string()], { error: durationExpected }).transform((value, context) => {
    const ms = toDurationMs(value);
    if (ms !== undefined && ms >= from) return ms;
    context.issues.push({ code: 'custom', message: ms === undefined ? durationExpected : 'a duration above 0', input: value });
    return z.NEVER;
  });
