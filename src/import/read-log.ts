import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { FlowError } from '../core/errors.ts';
import { parseJsonText } from '../core/json-text.ts';
import type { ImportedRun } from './imported-run.ts';
import { isSession, readSession } from './read-session.ts';
import { isTraceLine, readTrace } from './read-trace.ts';

/** Larger ones are not logs of one run. */
const maxBytes = 256 * 1_048_576;

/**
 * Reads one log of the predecessor, whichever kind it is.
 *
 * @throws a `FlowError` with code `file_unreadable` or `import_invalid`
 */
export function readLog(path: string): ImportedRun {
  const bytes = readBytes(path);
  const file = basename(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const text = bytes.toString('utf8');
  const whole = parse(text);
  if (isSession(whole)) return readSession(file, whole, sha256);
  const first = text.split('\n').find(line => line.trim() !== '');
  const begins = first === undefined ? undefined : parse(first);
  if (begins !== undefined && (isTraceLine(begins) || isEvent(begins))) return readTrace(file, text, sha256);
  const found = first === undefined ? 'an empty file' : begins === undefined && whole === undefined ? 'no JSON' : 'JSON of another kind';
  throw new FlowError('import_invalid', `Expected ${path} to be a session file (JSON with \`session_id\` and \`final_result\`) or a trace (JSON lines with \`event_type\`), found ${found}. Nothing was imported`, { place: { file: path } });
}

const isEvent = (value: unknown): boolean => typeof value === 'object' && value !== null && 'event_type' in value;

function readBytes(path: string): Buffer {
  try {
    if (statSync(path).size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return readFileSync(path);
  } catch (cause) {
    throw new FlowError('file_unreadable', `Cannot read \`${path}\`: ${(cause as Error).message}`, { place: { file: path }, cause });
  }
}

function parse(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
