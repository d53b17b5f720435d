import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { FlowError } from '../../core/errors.ts';

const tokenBytes = 32;
const maxFileBytes = 8_192;
/** Bits of the mode that let others than its user in. */
const othersMode = 0o077;
/** On Windows the mode has no effect: a file has the access rights of its folder. */
const hasModes = process.platform !== 'win32';

/** Makes the file with a new token that only its user may read; false: it is there. */
function writeToken(file: string): boolean {
  let handle: number;
  try {
    handle = openSync(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new FlowError('file_unwritable', `Expected to write a token to \`${file}\`: ${(error as Error).message}. Name another file with --token-file`, { cause: error, place: { file } });
  }
  try {
    writeSync(handle, `${randomBytes(tokenBytes).toString('base64url')}\n`);
  } finally {
    closeSync(handle);
  }
  return true;
}

/**
 * Reads the token of a server from a file, which is made at the first start: 32 random bytes.
 *
 * @throws a `FlowError` with code `token_file_unsafe` when others than its user can read it
 */
export function readTokenFile(file: string): string {
  writeToken(file);
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    throw new FlowError('file_unreadable', `Expected to read a token from \`${file}\`: ${(error as Error).message}`, { cause: error, place: { file } });
  }
  try {
    const { mode, size } = fstatSync(handle);
    if (hasModes && (mode & othersMode) !== 0) {
      throw new FlowError('token_file_unsafe', `Expected a token file that only its user can read, \`${file}\` has the mode ${(mode & 0o777).toString(8)}. Set it with \`chmod 600\`, and make a new token if others may have read it`, { place: { file } });
    }
    const token = size > maxFileBytes ? '' : readFileSync(handle, 'utf8').trim();
    if (token !== '') return token;
    throw new FlowError('file_unreadable', `Expected a token in \`${file}\`, found ${size > maxFileBytes ? 'something larger' : 'nothing'}. Delete it, and the next start makes one`, { place: { file } });
  } finally {
    closeSync(handle);
  }
}
