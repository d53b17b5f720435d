import yoctocolors from 'yoctocolors';
import type { StepStatus } from '../../../persistence/records.ts';

type Paint = (text: string) => string;

/** What a view may use to make itself readable. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly symbols: Readonly<Record<StepStatus, string>>;
  readonly spinner: readonly string[];
  readonly bar: { readonly full: string; readonly empty: string };
  readonly arrow: string;
  /** Points at what something comes after. */
  readonly back: string;
  /** Leads of a tree's lines, all as wide. */
  readonly tree: { readonly branch: string; readonly last: string; readonly pass: string; readonly none: string };
}

export interface PaletteOptions {
  readonly colors: boolean;
  /** False on consoles that cannot draw more than ASCII. */
  readonly unicode: boolean;
}

const same: Paint = text => text;

const drawn = {
  symbols: { pending: '○', running: '●', retrying: '↻', waiting: '◷', completed: '✔', failed: '✖', skipped: '⊘', cancelled: '■' },
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  bar: { full: '━', empty: '─' },
  arrow: '→',
  back: '←',
  tree: { branch: '├─ ', last: '└─ ', pass: '│  ', none: '   ' },
} as const;

const typed = {
  symbols: { pending: '.', running: '*', retrying: '~', waiting: 'o', completed: '+', failed: 'x', skipped: '-', cancelled: '#' },
  spinner: ['|', '/', '-', '\\'],
  bar: { full: '=', empty: '-' },
  arrow: '->',
  back: '<-',
  tree: { branch: '|- ', last: '`- ', pass: '|  ', none: '   ' },
} as const;

/** Chooses colours and symbols. */
export function createPalette({ colors, unicode }: PaletteOptions): Palette {
  const { bold, dim, green, red, yellow, cyan } = yoctocolors;
  const paints = { bold, dim, green, red, yellow, cyan };
  return {
    ...(colors ? paints : { bold: same, dim: same, green: same, red: same, yellow: same, cyan: same }),
    ...(unicode ? drawn : typed),
  };
}

/** The colour of a status. */
export function paintStatus(palette: Palette, status: string, text: string): string {
  switch (status) {
    case 'completed':
    case 'scored':
    case 'passed':
    case 'done':
      return palette.green(text);
    case 'failed':
    case 'error':
      return palette.red(text);
    case 'retrying':
    case 'waiting':
      return palette.yellow(text);
    case 'running':
    case 'stepping':
    case 'consolidating':
    case 'active':
      return palette.cyan(text);
    default:
      return palette.dim(text);
  }
}
