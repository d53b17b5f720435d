import { open, rename, rm } from 'node:fs/promises';
import { FlowError } from '../../core/errors.ts';

/**
 * Writes a text to a file so that nobody ever sees half of it: to a temporary file beside it, synced, then renamed.
 *
 * @throws a `FlowError` with code `file_unwritable`; the file is then as it was
 */
export async function writeFileAtomically(file: string, text: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      for await (const piece of text) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') await rm(temporary, { force: true });
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause;
    throw new FlowError('file_unwritable', `Cannot write \`${file}\`: ${(cause as Error).message}. Name another one with --out`, { cause });
  }
}
