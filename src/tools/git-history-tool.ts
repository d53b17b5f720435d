import { z } from 'zod';
import { defineBuiltIn } from './define-built-in.ts';
import { resolveFolder } from './folder.ts';
import { runGit } from './git.ts';

const commit = z.object({ hash: z.string(), author: z.string(), at: z.number(), subject: z.string() });

const exampleMonths = Array.from({ length: 14 }, (_, at) => new Date(Date.UTC(2024, at)));

/** More than a year of commits: what shows the last months of it has something to leave out. */
const exampleHistory = {
  branch: 'main', commits: 105, truncated: false, authorCount: 2,
  authors: [{ name: 'Ada', commits: 100 }, { name: 'Grace', commits: 5 }],
  byMonth: exampleMonths.map((month, at) => ({ month: month.toISOString().slice(0, 7), commits: at + 1 })),
  firstAt: Date.UTC(2024, 0, 3), lastAt: Date.UTC(2025, 1, 5),
  newest: [{ hash: '0123456789abcdef0123456789abcdef01234567', author: 'Ada', at: Date.UTC(2025, 1, 5), subject: 'Add a report' }],
};

export const gitHistoryTool = defineBuiltIn({
  name: 'git.history',
  description: 'Sums up the commits that touched a folder: authors, months, the newest.',
  input: z.strictObject({
    folder: z.string().min(1).default('.'),
    maxCommits: z.int().min(1).max(1_000_000).default(50_000),
    maxAuthors: z.int().min(1).max(1_000).default(20),
    newest: z.int().min(0).max(100).default(5),
  }),
  output: z.object({
    branch: z.string().nullable(),
    commits: z.number(),
    truncated: z.boolean(),
    authorCount: z.number(),
    authors: z.array(z.object({ name: z.string(), commits: z.number() })),
    byMonth: z.array(z.object({ month: z.string(), commits: z.number() })),
    firstAt: z.number().nullable(),
    lastAt: z.number().nullable(),
    newest: z.array(commit),
  }).meta({ examples: [exampleHistory] }),
  async run({ input, signal }) {
    const folder = await resolveFolder(input.folder);
    const prefix = (await runGit(folder, ['rev-parse', '--show-prefix'], signal)).trim();
    const branch = (await runGit(folder, ['branch', '--show-current'], signal)).trim() || null;
    // A repository without a commit has no HEAD, and `git log` would call that an error.
    const born = (await runGit(folder, ['for-each-ref', '--count=1'], signal)).trim() !== '' || branch === null;
    const format = '--format=%H%x1f%aN%x1f%at%x1f%s%x1e';
    const scope = prefix === '' ? [] : ['--', '.'];
    const printed = born ? await runGit(folder, ['log', `--max-count=${input.maxCommits + 1}`, format, ...scope], signal) : '';
    const all = printed.split('\x1e').flatMap(record => {
      const [hash, author, seconds, subject] = record.trimStart().split('\x1f');
      return hash && author !== undefined ? [{ hash, author, at: Number(seconds) * 1_000, subject: subject ?? '' }] : [];
    });
    const commits = all.slice(0, input.maxCommits);
    const authors = countBy(commits, ({ author }) => author).toSorted((a, b) => b.commits - a.commits || (a.name < b.name ? -1 : 1));
    const months = countBy(commits, ({ at }) => new Date(at).toISOString().slice(0, 7)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const times = commits.map(({ at }) => at);
    return {
      branch,
      commits: commits.length,
      truncated: all.length > commits.length,
      authorCount: authors.length,
      authors: authors.slice(0, input.maxAuthors),
      byMonth: months.map(({ name, commits: count }) => ({ month: name, commits: count })),
      firstAt: times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : null,
      lastAt: times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : null,
      newest: commits.slice(0, input.newest),
    };
  },
});

function countBy<Item>(items: readonly Item[], toName: (item: Item) => string): { name: string; commits: number }[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(toName(item), (counts.get(toName(item)) ?? 0) + 1);
  return [...counts].map(([name, commits]) => ({ name, commits }));
}
