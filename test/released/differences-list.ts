import { createHash } from 'node:crypto';
import type { Difference } from './compare.ts';

/** A difference that is there on purpose. */
export interface ListedDifference {
  readonly issue: string;
  /** `*`: of every scenario. */
  readonly scenario: string;
  /** `*` stands for one field or one place of a list. */
  readonly path: string;
  readonly old: string;
  readonly new: string;
}

const longest = 120;

/** A value as the list writes it: a long one by its beginning and its digest. */
export function abbreviate(value: string): string {
  if (value.length <= longest) return value;
  return `${value.slice(0, longest - 20)}… (${createHash('sha256').update(value).digest('hex').slice(0, 12)})`;
}

const escape = (cell: string): string => cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('`', '\\u0060');
const unescape = (cell: string): string => cell.replaceAll(/\\(u0060|.)/g, (_, character: string) => (character === 'u0060' ? '`' : character));

/** A row of the list, ready to be pasted. */
export function writeRow(scenario: string, { path, old, new: now }: Difference): string {
  return `| ? | ${scenario} | \`${escape(path)}\` | \`${escape(abbreviate(old))}\` | \`${escape(abbreviate(now))}\` |`;
}

/**
 * Reads the rows of `docs/decisions/differences-0.4.md`.
 *
 * @throws an `Error` that names the row that is none
 */
export function parseDifferences(text: string): ListedDifference[] {
  const rows = text.split('\n').filter(line => line.startsWith('|')).slice(2);
  return rows.map(row => {
    const cells = (row.match(/(?:\\.|[^\\|])+/g) ?? []).map(cell => cell.trim());
    const [issue = '', scenario = '', ...values] = cells;
    const [path = '', old = '', now = ''] = values.map(value => unescape(/^`(.*)`$/.exec(value)?.[1] ?? ''));
    if (cells.length !== 5 || !/^\d+$/.test(issue) || scenario === '' || path === '' || old === '' || now === '') {
      throw new Error(`Expected a row of the form | issue number | scenario | \`path\` | \`old\` | \`new\` |, got: ${row}`);
    }
    return { issue, scenario, path, old, new: now };
  });
}

function matchesPath(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return pattern === path;
  const source = pattern.split('*').map(part => part.replaceAll(/[.[\](){}?+^$|\\/]/g, String.raw`\$&`)).join(String.raw`[^.[\]]+`);
  return new RegExp(`^${source}$`).test(path);
}

/** Whether a row speaks of this difference. A value `*` stands for any. */
export function isListed(row: ListedDifference, scenario: string, difference: Difference): boolean {
  const matchesValue = (listed: string, found: string): boolean => listed === '*' || listed === abbreviate(found);
  return (row.scenario === '*' || row.scenario === scenario) && matchesPath(row.path, difference.path) && matchesValue(row.old, difference.old) && matchesValue(row.new, difference.new);
}
