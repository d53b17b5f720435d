import { createLogUpdate } from 'log-update';
import type { Clock } from '../../core/clock.ts';
import type { ExecutionProgress } from '../execution-progress.ts';
import { renderFrame, type FrameOptions } from './frame.ts';
import { renderOverview } from './overview.ts';
import type { Palette } from './palette.ts';
import type { ProgressView, Screen } from './progress-view.ts';

/** Shortest time between two pictures, ms. */
const redrawMs = 100;

/** Shows executions as one picture that is redrawn in place, at most ten times a second. For terminals only. */
export function createLiveView(screen: Screen & NodeJS.WritableStream, palette: Palette, clock: Clock): ProgressView {
  const draw = createLogUpdate(screen);
  const all: ExecutionProgress[] = [];
  let frame = 0;
  let footer = '';
  let timer: unknown;
  let ended = false;

  const render = (hint: string): string => {
    const [first] = all;
    if (!first) return '';
    const options: FrameOptions = { palette, now: clock.now(), columns: screen.columns || 80, rows: screen.rows || 24, frame, hint };
    return all.length === 1 ? renderFrame(first, options) : renderOverview(all, options);
  };
  // The spinner turns while anything is shown, so the next picture is always due.
  const tick = (): void => {
    timer = undefined;
    if (ended) return;
    frame += 1;
    draw(render(footer));
    timer = clock.setTimer(tick, redrawMs);
  };

  return {
    add(progress) {
      all.push(progress);
      timer ??= clock.setTimer(tick, 0);
    },
    changed() {
      timer ??= clock.setTimer(tick, redrawMs);
    },
    note(text) {
      draw.clear();
      screen.write(`${text}\n`);
      if (!ended && all.length > 0) draw(render(footer));
    },
    hint(text) {
      footer = text;
    },
    end() {
      if (ended) return;
      ended = true;
      clock.clearTimer(timer);
      if (all.length > 0) draw(render(''));
      draw.done();
    },
  };
}
