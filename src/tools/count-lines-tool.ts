import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { countLines } from './count-lines.ts';
import { defineBuiltIn } from './define-built-in.ts';
import { folderInput } from './file-tools.ts';
import { resolveFolder, resolveInside } from './folder.ts';
import { detectLanguage } from './languages.ts';
import { listFiles, otherLanguage } from './list-files.ts';
import { mapConcurrently } from './map-concurrently.ts';

const counts = { files: z.number(), lines: z.number(), code: z.number(), comments: z.number(), blank: z.number() };

export const countLinesTool = defineBuiltIn({
  name: 'files.lines',
  description: 'Counts lines of code, comment and nothing: of a language, of files, or of a folder.',
  input: z.strictObject({
    ...folderInput,
    language: z.string().min(1).optional(),
    files: z.array(z.string().min(1)).optional(),
    maxFileBytes: z.int().min(1).default(8 * 1024 * 1024),
  }),
  output: z.object({
    language: z.string().nullable(),
    totals: z.object(counts),
    languages: z.array(z.object({ name: z.string(), ...counts })),
    longest: z.object({ path: z.string(), lines: z.number() }).nullable(),
    skipped: z.object({ binary: z.number(), tooLarge: z.number(), missing: z.number() }),
  }),
  async run({ input, signal }) {
    const folder = await resolveFolder(input.folder);
    const files = await chooseFiles(folder, input, signal);
    const perLanguage = new Map<string, { -readonly [Key in keyof typeof counts]: number }>();
    const skipped = { binary: 0, tooLarge: 0, missing: 0 };
    let longest: { path: string; lines: number } | null = null;
    const found = await mapConcurrently(files, 16, signal, async file => {
      if (file.bytes > input.maxFileBytes) return 'tooLarge';
      const content = await readFile(path.join(folder, file.path), { signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (!content) return 'missing';
      if (content.length > input.maxFileBytes) return 'tooLarge';
      if (content.subarray(0, 8_000).includes(0)) return 'binary';
      return countLines(content.toString('utf8'), detectLanguage(file.path));
    });
    for (const [place, result] of found.entries()) {
      const file = files[place]?.path ?? '';
      if (typeof result === 'string') {
        skipped[result] += 1;
        continue;
      }
      const name = detectLanguage(file)?.name ?? otherLanguage;
      const sum = perLanguage.get(name) ?? { files: 0, lines: 0, code: 0, comments: 0, blank: 0 };
      sum.files += 1;
      for (const key of ['lines', 'code', 'comments', 'blank'] as const) sum[key] += result[key];
      perLanguage.set(name, sum);
      if (!longest || result.lines > longest.lines) longest = { path: file, lines: result.lines };
    }
    const totals = { files: 0, lines: 0, code: 0, comments: 0, blank: 0 };
    for (const sum of perLanguage.values()) for (const key of ['files', 'lines', 'code', 'comments', 'blank'] as const) totals[key] += sum[key];
    const languages = [...perLanguage].map(([name, sum]) => ({ name, ...sum })).toSorted((a, b) => b.code - a.code || (a.name < b.name ? -1 : 1));
    return { language: input.language ?? null, totals, languages, longest, skipped };
  },
});

interface Choice {
  readonly exclude: readonly string[];
  readonly language?: string | undefined;
  readonly files?: readonly string[] | undefined;
}

/** Given files are checked to stay in the folder; their sizes show when they are read. */
async function chooseFiles(folder: string, { exclude, language, files }: Choice, signal: AbortSignal): Promise<{ path: string; bytes: number }[]> {
  if (!files) return [...(await listFiles({ folder, exclude, language, signal })).files];
  const wanted = files.filter(file => language === undefined || (detectLanguage(file)?.name ?? otherLanguage) === language);
  return mapConcurrently(wanted, 16, signal, async file => ({
    path: path.relative(folder, await resolveInside(folder, file)).replaceAll(path.sep, '/'),
    bytes: 0,
  }));
}
