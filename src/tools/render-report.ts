import { z } from 'zod';

/** Expressions yield nothing for an empty list and the item itself for a list of one: both are taken as the list meant. */
function listOf<Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> {
  return z.preprocess(value => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]), z.array(item)) as unknown as z.ZodType<
    z.output<Item>[]
  >;
}

const maybeText = z.string().nullish();
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const cellFormat = z.enum(['text', 'code', 'number', 'bytes', 'percent', 'date', 'bar']).default('text');

const column = z.strictObject({
  /** Which value of a row. */
  key: z.string().min(1),
  title: z.string(),
  format: cellFormat,
});

const section = z.strictObject({
  heading: z.string().min(1),
  text: maybeText,
  table: z.strictObject({ columns: listOf(column), rows: listOf(z.record(z.string(), cell.optional())), empty: z.string().optional() }).nullish(),
  list: listOf(z.string()).optional(),
  note: maybeText,
});

export const reportShape = {
  title: z.string().min(1),
  intro: maybeText,
  facts: listOf(z.strictObject({ label: z.string(), value: cell, format: cellFormat })).optional(),
  /** A null in the list is left out: a section whose data is not there. */
  sections: listOf(section.nullable()),
  footer: maybeText,
};

export const reportSchema = z.object(reportShape);

type Report = z.output<typeof reportSchema>;
type Format = z.output<typeof column>['format'];
type Cell = z.output<typeof cell> | undefined;

const barWidth = 20;
const rightAligned = new Set<Format>(['number', 'bytes', 'percent']);

/** Renders a report as Markdown: same data, same text. */
export function renderReport({ title, intro, facts = [], sections, footer }: Report): string {
  const blocks = [`# ${escapeText(title)}`];
  if (intro) blocks.push(intro);
  if (facts.length > 0) {
    const columns = facts.map(({ label }) => escapeText(label));
    const values = facts.map(({ value, format }) => `**${formatCell(value, format)}**`);
    blocks.push([toRow(columns), toRow(facts.map(() => ':---:')), toRow(values)].join('\n'));
  }
  for (const part of sections) {
    if (!part) continue;
    blocks.push(`## ${escapeText(part.heading)}`);
    if (part.text) blocks.push(part.text);
    if (part.table) blocks.push(renderTable(part.table));
    if (part.list && part.list.length > 0) blocks.push(part.list.map(item => `- ${escapeText(item)}`).join('\n'));
    if (part.note) blocks.push(`> ${part.note.replaceAll('\n', '\n> ')}`);
  }
  if (footer) blocks.push('---', footer);
  return `${blocks.join('\n\n')}\n`;
}

function renderTable({ columns, rows, empty = 'Nothing to show.' }: NonNullable<z.output<typeof section>['table']>): string {
  if (rows.length === 0) return `_${escapeText(empty)}_`;
  const head = toRow(columns.map(({ title }) => escapeText(title)));
  const rule = toRow(columns.map(({ format }) => (rightAligned.has(format) ? '---:' : ':---')));
  return [head, rule, ...rows.map(row => toRow(columns.map(({ key, format }) => formatCell(row[key], format))))].join('\n');
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function formatCell(value: Cell, format: Format): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string' && format !== 'date') return format === 'code' ? toCode(value) : escapeText(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (format === 'date') return new Date(value).toISOString().slice(0, 10);
  if (typeof value === 'string') return escapeText(value);
  switch (format) {
    case 'bytes':
      return formatBytes(value);
    case 'percent':
      return `${(value * 100).toFixed(1)} %`;
    case 'bar':
      return `\`${toBar(value)}\``;
    default:
      return new Intl.NumberFormat('en-US').format(value);
  }
}

/** Draws a share, 0 to 1; what is not nothing is at least one block. */
function toBar(share: number): string {
  const full = Math.min(barWidth, Math.max(share > 0 ? 1 : 0, Math.round(share * barWidth)));
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
}

/** Writes a size with its unit, powers of 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** Keeps text what it is: no Markdown, no HTML, no end of a table's cell. */
function escapeText(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~]/g, '\\$&').replace(/\s*[\r\n]+\s*/g, ' ');
}

/**
 * A code span ends at the first run of as many backticks as it began with. A backslash before a bar is read differently
 * by different renderers, so that such a text is not shown as code.
 */
function toCode(text: string): string {
  const flat = text.replace(/\s*[\r\n]+\s*/g, ' ');
  if (/^\s*$|\\\|/.test(flat)) return escapeText(flat);
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const shown = flat.replaceAll('|', '\\|');
  return longest === 0 ? `${fence}${shown}${fence}` : `${fence} ${shown} ${fence}`;
}
