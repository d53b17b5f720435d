import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { defineBuiltIn, toErrno } from './define-built-in.ts';
import { folderInput } from './file-tools.ts';
import { resolveFolder } from './folder.ts';
import { listFiles } from './list-files.ts';
import type { ListedFile } from './list-files.ts';
import { mapConcurrently } from './map-concurrently.ts';

export const findDuplicatesTool = defineBuiltIn({
  name: 'files.duplicates',
  description: 'Finds files with the same content, by SHA-256; only files of the same size are read.',
  input: z.strictObject({
    ...folderInput,
    minBytes: z.int().min(1).default(1),
    maxGroups: z.int().min(1).max(1_000).default(20),
  }),
  output: z.object({
    groups: z.array(z.object({ sha256: z.string(), bytes: z.number(), copies: z.number(), paths: z.array(z.string()), pathsTruncated: z.boolean() })),
    totals: z.object({ groups: z.number(), duplicates: z.number(), wastedBytes: z.number() }),
    hashed: z.number(),
    truncated: z.boolean(),
  }).meta({
    examples: [
      {
        groups: [{ sha256: 'ab'.repeat(32), bytes: 700_000, copies: 2, paths: ['a.bin', 'copy/a.bin'], pathsTruncated: false }],
        totals: { groups: 1, duplicates: 1, wastedBytes: 700_000 }, hashed: 2, truncated: false,
      },
      { groups: [], totals: { groups: 0, duplicates: 0, wastedBytes: 0 }, hashed: 0, truncated: false },
    ],
  }),
  async run({ input, signal }) {
    const folder = await resolveFolder(input.folder);
    const { files } = await listFiles({ folder, exclude: input.exclude, signal });
    const bySize = Map.groupBy(
      files.filter(({ bytes }) => bytes >= input.minBytes),
      ({ bytes }) => bytes,
    );
    const candidates = [...bySize.values()].filter(group => group.length > 1).flat();
    const hashed = await mapConcurrently(candidates, 8, signal, async file => ({ ...file, sha256: await hashFile(path.join(folder, file.path), signal) }));
    const readable = hashed.filter((file): file is ListedFile & { sha256: string } => file.sha256 !== undefined);
    const groups = [...Map.groupBy(readable, ({ sha256 }) => sha256)]
      .filter(([, same]) => same.length > 1)
      .map(([sha256, same]) => ({ sha256, bytes: same[0]?.bytes ?? 0, copies: same.length, paths: same.map(file => file.path) }))
      .toSorted((a, b) => b.bytes * (b.copies - 1) - a.bytes * (a.copies - 1) || (a.sha256 < b.sha256 ? -1 : 1));
    return {
      groups: groups.slice(0, input.maxGroups).map(group => ({ ...group, paths: group.paths.slice(0, maxPaths), pathsTruncated: group.copies > maxPaths })),
      totals: {
        groups: groups.length,
        duplicates: groups.reduce((sum, { copies }) => sum + copies - 1, 0),
        wastedBytes: groups.reduce((sum, { bytes, copies }) => sum + bytes * (copies - 1), 0),
      },
      hashed: readable.length,
      truncated: groups.length > input.maxGroups,
    };
  },
});

const maxPaths = 50;

/** Undefined: the file has gone, or may not be read. */
async function hashFile(file: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    const errno = toErrno(error);
    if (errno === 'ENOENT' || errno === 'EACCES' || errno === 'EPERM') return undefined;
    throw error;
  }
}
