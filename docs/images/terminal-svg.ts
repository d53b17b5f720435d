import { argv, stdin, stdout } from 'node:process';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

// The pictures on these pages are what a terminal showed, captured by tmux and drawn by this script:
//   tmux capture-pane -e -p | node docs/images/terminal-svg.ts > docs/images/run.svg

/** How the characters that follow are drawn. */
interface Style {
  readonly colour: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

interface Span extends Style {
  /** Column of the first character, 0-based. */
  readonly column: number;
  readonly text: string;
}

const plain: Style = { colour: undefined, bold: false, dim: false };
const dark = ['#484f58', '#ff7b72', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#b1bac4'];
const bright = ['#6e7681', '#ffa198', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#f0f6fc'];
const escape = '\u001B[';
const styling = new RegExp(`(${escape.replace('[', '\\[')}[\\d;]*m)`);
const size = 14;
const cell = { width: 8.43, height: 20 };
const margin = { side: 16, top: 40, bottom: 16 };

function applyCode(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, colour: undefined };
  if (code >= 30 && code <= 37) return { ...style, colour: dark[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, colour: bright[code - 90] };
  return style;
}

/** Takes a captured screen apart: per line, pieces of one style. Trailing empty lines are left out. */
export function parseScreen(captured: string): Span[][] {
  let style = plain;
  const lines = captured.replace(/\s*$/, '').split('\n').map(line => {
    const spans: Span[] = [];
    let column = 0;
    for (const piece of line.split(styling)) {
      if (piece.startsWith(escape)) {
        for (const code of piece.slice(2, -1).split(';')) style = applyCode(style, Number(code));
      } else if (piece !== '') {
        spans.push({ ...style, column, text: piece });
        column += [...piece].length;
      }
    }
    return spans;
  });
  return lines;
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function renderSpan({ column, text, colour, bold, dim }: Span, line: number): string {
  const trimmed = text.trimEnd();
  const lead = trimmed.length - trimmed.trimStart().length;
  const shown = trimmed.trimStart();
  if (shown === '') return '';
  const x = margin.side + (column + lead) * cell.width;
  const y = margin.top + (line + 0.75) * cell.height;
  const style = `${colour ? ` fill="${colour}"` : ''}${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`;
  return `<text x="${x.toFixed(1)}" y="${y}" textLength="${([...shown].length * cell.width).toFixed(1)}"${style}>${escapeText(shown)}</text>`;
}

/** Draws a captured screen as an SVG picture of a terminal window. */
export function renderScreen(captured: string, title: string): string {
  const lines = parseScreen(captured);
  const columns = Math.max(...lines.flat().map(({ column, text }) => column + [...text.trimEnd()].length), 60);
  const width = Math.ceil(columns * cell.width + 2 * margin.side);
  const height = margin.top + lines.length * cell.height + margin.bottom;
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map((fill, index) => `<circle cx="${20 + index * 20}" cy="18" r="6" fill="${fill}"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(title)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...buttons,
    `<g font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${size}" fill="#e6edf3" xml:space="preserve">`,
    ...lines.flatMap((spans, line) => spans.map(span => renderSpan(span, line))).filter(Boolean),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

if (argv[1] === fileURLToPath(import.meta.url)) stdout.write(renderScreen(await readAll(stdin), argv[2] ?? 'A terminal that runs Flowstone'));
