import { z } from 'zod';

/** The ways to recover a step, in the order in which they are tried. */
export const createRecoverShape = <Retry extends z.ZodType, Id extends z.ZodType, Name extends z.ZodType, Duration extends z.ZodType>(parts: {
  readonly retry: Retry;
  readonly stepId: Id;
  readonly signalName: Name;
  readonly duration: Duration;
}) => {
  const ask = z.strictObject({ signal: parts.signalName.optional(), timeout: parts.duration.optional() }, { error: 'an object, with `signal` and `timeout` if you like' });
  const recover = z.strictObject(
    { retry: parts.retry.optional(), alternative: parts.stepId.optional(), ask: ask.optional() },
    { error: 'an object with `retry`, `alternative` or `ask`' },
  );
  return { ask, recover };
};
