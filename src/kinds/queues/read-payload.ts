import type { FlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { listIssues, type SchemaIssue, validateAtOnce } from '../../core/standard-schema.ts';
import type { Queue } from './define-queue.ts';
import { readStored } from '../../core/stored-value.ts';

/**
 * Lifts a stored payload to the version its consumer takes, and checks it.
 *
 * @param messageId whose it is
 * @param json its payload as stored
 * @returns the payload, or why the message goes to the dead letters
 */
export function readPayload<Payload>(queue: Queue<Payload, string, unknown>, version: number, messageId: string, json: string): { readonly payload: Payload } | { readonly failure: StepFailure } {
  let value: unknown;
  try {
    value = readStored('messages.payload', messageId, json);
  } catch (error) {
    const { code, message, details } = error as FlowError;
    return { failure: createFailure(code, message, details) };
  }
  if (version > queue.version) return unknownVersion(queue, version);
  for (let from = version; from < queue.version; from++) {
    const upgrade = queue.upgrades[from];
    if (!upgrade) return unknownVersion(queue, version);
    try {
      value = upgrade(value as never);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { failure: createFailure('payload_upgrade_failed', `The payload could not be lifted from version ${from} to ${from + 1}: ${reason.slice(0, 500)}`, { version: from }) };
    }
  }
  if (!queue.schema) return { payload: value as Payload };
  const read = validateAtOnce(queue.schema, value, `queue "${queue.name}"`);
  return read.issues ? { failure: createFailure('payload_invalid', `The payload does not fit the schema of queue "${queue.name}": ${describeIssues(read.issues)}`) } : { payload: read.value };
}

function unknownVersion({ name, version: newest, upgrades }: Queue, version: number): { readonly failure: StepFailure } {
  const known = [...new Set([...Object.keys(upgrades).map(Number), newest])].toSorted((a, b) => a - b);
  return { failure: createFailure('payload_version_unknown', `Expected a payload of queue "${name}" in a version this consumer can read (${known.join(', ')}), got version ${version}`, { version, known }) };
}

/** What a schema complains about, in words. */
export const describeIssues = (issues: readonly SchemaIssue[]): string => listIssues(issues, 'payload').join('; ');
