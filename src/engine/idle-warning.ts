import { repeat } from '../core/clock.ts';

/** How often it is looked whether anything goes on, ms. */
const lookEveryMs = 5_000;
/** What keeps a process alive and is no work of its program: sockets of this user's other processes, and its own output. */
const noWork: ReadonlySet<string> = new Set(['PipeWrap', 'TTYWrap', 'PipeServerWrap']);

/**
 * Warns once, as Node.js does, when nothing but the open runtime keeps the process alive: whoever wrote it has forgotten `stop()`.
 *
 * The socket for other processes is not given up by itself: signals and messages may come at any time.
 *
 * @returns ends the looking
 */
export function warnWhenForgotten(isBusy: () => boolean, everyMs = lookEveryMs): () => void {
  let wasIdle = false;
  const end = repeat(() => {
    const isIdle = !isBusy() && process.getActiveResourcesInfo().every(resource => noWork.has(resource));
    if (isIdle && wasIdle) {
      end();
      process.emitWarning('A runtime of flowstone keeps this process alive for signals of other processes, though nothing runs. Call `stop()` at the end, or open it with `listen: false`', { type: 'FlowstoneWarning', code: 'FLOWSTONE_NOT_STOPPED' });
    }
    wasIdle = isIdle;
  }, everyMs);
  return end;
}
