import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { defineBuiltIn, permanent, toErrno, transient } from './define-built-in.ts';
import { resolveFolder, resolveInside } from './folder.ts';
import { renderReport, reportShape } from './render-report.ts';

export const writeReportTool = defineBuiltIn({
  name: 'report.write',
  description: 'Renders a report as Markdown and writes it into a folder, in one piece.',
  input: z.strictObject({
    folder: z.string().min(1).default('.'),
    file: z.string().min(1).default('report.md'),
    ...reportShape,
  }),
  output: z.object({ path: z.string(), bytes: z.number(), sha256: z.string(), sections: z.number(), changed: z.boolean() }),
  async run({ input: { folder, file, ...report }, signal, idempotencyKey }) {
    const root = await resolveFolder(folder);
    const target = await resolveInside(root, file);
    const content = renderReport(report);
    const sha256 = toHash(content);
    const changed = await readFile(target, 'utf8').then(
      present => present !== content,
      () => true,
    );
    signal.throwIfAborted();
    if (changed) await writeAtomically(target, content, toHash(idempotencyKey).slice(0, 12));
    return { path: target, bytes: Buffer.byteLength(content), sha256, sections: report.sections.filter(part => part !== null).length, changed };
  },
});

function toHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Writes beside the target, then renames: readers see the old file or the new one.
 *
 * The name of the file beside it comes from the idempotency key, so that an attempt that was cut off leaves nothing that
 * the next one does not replace.
 */
async function writeAtomically(target: string, content: string, suffix: string): Promise<void> {
  const beside = path.join(path.dirname(target), `.${path.basename(target)}.${suffix}.tmp`);
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await rm(beside, { force: true });
    // `wx` refuses to write through a link that someone put there.
    const handle = await open(beside, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    const errno = toErrno(error);
    if (errno === undefined) throw error;
    const message = `Cannot write ${JSON.stringify(target)}: ${errno}`;
    const lasting = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']);
    throw (lasting.has(errno) ? permanent : transient)('report_write_failed', message, { path: target, errno });
  }
}
