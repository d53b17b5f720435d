import type { Answer } from '../../../persistence/answer.ts';
import { FlowError } from '../../core/errors.ts';

/** Inside a tick there is no waiting: queues need a store that answers at once. */
export function requireNow<T>(answer: Answer<T>): T {
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw new FlowError('store_unsupported', 'Expected a store that answers at once, as the embedded ones do; queues cannot be used with this one');
}
