import path from 'node:path';
import { z } from 'zod';
import { defineBuiltIn } from './define-built-in.ts';
import { resolveFolder } from './folder.ts';
import { detectLanguage } from './languages.ts';
import { listFiles, otherLanguage } from './list-files.ts';

/** What every tool that looks at a folder takes. */
export const folderInput = {
  folder: z.string().min(1).default('.'),
  exclude: z.array(z.string().min(1)).default([]),
};

const file = z.object({ path: z.string(), bytes: z.number() });
const count = { files: z.number(), bytes: z.number() };

/** Adds up files and bytes per name, most bytes first. */
function sumBy(files: readonly { path: string; bytes: number }[], toName: (path: string) => string): { name: string; files: number; bytes: number }[] {
  const sums = new Map<string, { name: string; files: number; bytes: number }>();
  for (const { path: filePath, bytes } of files) {
    const name = toName(filePath);
    const sum = sums.get(name) ?? { name, files: 0, bytes: 0 };
    sum.files += 1;
    sum.bytes += bytes;
    sums.set(name, sum);
  }
  return [...sums.values()].toSorted((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

export const listFilesTool = defineBuiltIn({
  name: 'files.list',
  description: 'Walks a folder: its files, with totals per language and per top folder.',
  input: z.strictObject({ ...folderInput, maxFiles: z.int().min(0).max(25_000).default(1_000) }),
  output: z.object({
    folder: z.string(),
    name: z.string(),
    source: z.enum(['git', 'walk']),
    totals: z.object(count),
    languages: z.array(z.object({ name: z.string(), ...count })),
    folders: z.array(z.object({ name: z.string(), ...count })),
    /** Names of the files that lie in no folder, the first 500. */
    rootFiles: z.array(z.string()),
    files: z.array(file),
    truncated: z.boolean(),
  }),
  async run({ input, signal }) {
    const folder = await resolveFolder(input.folder);
    const { source, files } = await listFiles({ folder, exclude: input.exclude, signal });
    return {
      folder,
      name: path.basename(folder) || folder,
      source,
      totals: { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) },
      languages: sumBy(files, name => detectLanguage(name)?.name ?? otherLanguage),
      folders: sumBy(files, name => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '.')),
      rootFiles: files.filter(({ path: name }) => !name.includes('/')).slice(0, 500).map(({ path: name }) => name),
      files: files.slice(0, input.maxFiles),
      truncated: files.length > input.maxFiles,
    };
  },
});

export const largestFilesTool = defineBuiltIn({
  name: 'files.largest',
  description: 'Finds the largest files of a folder.',
  input: z.strictObject({ ...folderInput, limit: z.int().min(1).max(1_000).default(10) }),
  output: z.object({ files: z.array(file.extend({ language: z.string() })) }),
  async run({ input, signal }) {
    const { files } = await listFiles({ folder: await resolveFolder(input.folder), exclude: input.exclude, signal });
    const largest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, input.limit);
    return { files: largest.map(found => ({ ...found, language: detectLanguage(found.path)?.name ?? otherLanguage })) };
  },
});
