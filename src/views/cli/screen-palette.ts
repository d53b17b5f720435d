import type { Screen } from '../terminal/progress-view.ts';
import { createPalette, type Palette } from '../terminal/palette.ts';

/** Chooses what a screen can show. Colours only on a terminal, and never with NO_COLOR. */
export function createScreenPalette(screen: Screen, env: NodeJS.ProcessEnv): Palette {
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const legacyConsole = process.platform === 'win32' && env['WT_SESSION'] === undefined && env['TERM_PROGRAM'] === undefined;
  return createPalette({
    colors: screen.isTTY === true && !noColor && env['TERM'] !== 'dumb',
    unicode: !legacyConsole && env['TERM'] !== 'linux',
  });
}

/** How wide a screen is; what is no terminal is taken to be 120 columns. */
export function getColumns(screen: Screen): number {
  return screen.isTTY ? (screen.columns || 80) : 120;
}
