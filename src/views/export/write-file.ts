import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { FlowError } from '../../core/errors.ts';

type Text = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/**
 * Writes a text to a file so that nobody ever sees half of it: to a temporary file beside it, synced, then renamed.
 *
 * A link is followed, and a file that was there keeps who may read it. What is no file, as a device, is refused.
 *
 * @throws a `FlowError` with code `file_unwritable`; the file is then as it was
 */
export async function writeFileAtomically(file: string, text: Text): Promise<void> {
  try {
    const place = await realpath(file).catch(() => file);
    const there = await stat(place).catch(() => undefined);
    if (there && !there.isFile()) throw new FlowError('file_unwritable', `Cannot write \`${file}\`: it is a ${there.isDirectory() ? 'folder' : 'device'}, and a file is put in its place. Name another one with --out`);
    await replaceFile(place, text, there && there.mode & 0o777);
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause;
    throw new FlowError('file_unwritable', `Cannot write \`${file}\`: ${(cause as Error).message}. Name another one with --out`, { cause });
  }
}

async function replaceFile(place: string, text: Text, mode: number | undefined): Promise<void> {
  const temporary = `${place}.${process.pid}.tmp`;
  try {
    // What a process of this number left behind is not followed but replaced: `wx` refuses what is there.
    await rm(temporary, { force: true });
    const handle = await open(temporary, 'wx', mode);
    try {
      if (mode !== undefined) await handle.chmod(mode);
      for await (const piece of text) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
