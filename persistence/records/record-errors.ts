import type { FlowError } from '../../src/core/errors.ts';
import { createCommitFailedError, createSettledError } from '../store-errors.ts';

type Settled = Parameters<typeof createSettledError>[0];

/** What the rows of a table are called. */
const names: { readonly [table: string]: Settled | undefined } = {
  executions: 'execution', steps: 'step', interactions: 'interaction', messages: 'message', actors: 'actor',
};

/** A row that was refused, as the record that it is. */
export function toRecordError(location: string, refused: FlowError): FlowError {
  const { table, key } = refused.details as { readonly table: string; readonly key: string };
  const name = names[table];
  return name ? createSettledError(name, key) : createCommitFailedError(location, refused, 'A fault in whoever made it.');
}
