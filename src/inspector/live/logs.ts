import { signal } from '@preact/signals';
import type { LogLine } from '../../core/log-tap.ts';
import type { Wire } from './wire.ts';

/** Lines that are kept. */
const maxLines = 500;

/** What handlers of the execution that is looked at have logged since it was opened. */
export const logLines = signal<readonly LogLine[]>([]);

/** Reads along what an execution's handlers log. @returns what ends it */
export function followLogs(wire: Wire, executionId: string): () => void {
  logLines.value = [];
  return wire.follow('logs', { executionId }, {
    commit: told => void (logLines.value = [...logLines.value, ...(told as readonly LogLine[])].slice(-maxLines)),
  });
}
