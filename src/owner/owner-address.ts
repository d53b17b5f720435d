import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { FlowError } from '../core/errors.ts';

/** Longest socket path in bytes that every Unix takes. */
const maxPathBytes = 103;

/**
 * Names the socket at which this process, once it owns the store, takes requests; its folder is made here.
 *
 * The name ends in the process id, so that a former owner that closes late never removes the socket of its successor.
 *
 * @returns undefined for a store that no other process can see
 * @throws a `FlowError` with code `socket_folder_unsafe` when the folder is somebody else's or open to others
 */
export function createOwnerAddress(location: string): string | undefined {
  if (!isAbsolute(location)) return undefined;
  const name = `${createHash('sha256').update(location).digest('hex').slice(0, 16)}.${process.pid}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\flowstone-${name}`;
  const folder = `flowstone-${userInfo().uid}`;
  const path = join(tmpdir(), folder, `${name}.sock`);
  const chosen = Buffer.byteLength(path) <= maxPathBytes ? path : join('/tmp', folder, `${name}.sock`);
  mkdirSync(dirname(chosen), { recursive: true, mode: 0o700 });
  requirePrivate(dirname(chosen));
  return chosen;
}

/** Removes what former owners of the same store, killed, left behind. Only its present owner may call this. */
export function removeStaleSockets(address: string): void {
  if (process.platform === 'win32') return;
  const folder = dirname(address);
  const prefix = `${basename(address).split('.', 1)[0]}.`;
  for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true });
}

function requirePrivate(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new FlowError('socket_folder_unsafe', `Expected ${folder} to be a folder of this user that nobody else may enter (mode 0700). Remove it, or set \`listen: false\``, { details: { folder } });
}
