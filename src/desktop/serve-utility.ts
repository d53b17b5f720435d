import { repeat, systemClock } from '../core/clock.ts';
import { isFlowError, toError } from '../core/errors.ts';
import { PortCarrier } from '../owner/port-carrier.ts';
import type { Port } from '../owner/port-carrier.ts';
import type { Scope } from '../owner/protocol.ts';
import type { Runtime } from '../runtime/api.ts';
import { getParts } from '../runtime/sessions-of.ts';
import type { ParentMessage } from './host-messages.ts';
import type { Parent } from './parent.ts';
import { findParent } from './parent.ts';

/** How long handlers may go on when the parent is gone, ms. */
const orphanStopMs = 1_000;
/** Longest that ending may take beside that, ms: whatever is stuck then is killed with the process. */
const graceMs = 2_000;
/** Until what was told last has left, ms. */
const lastWordMs = 100;
/** Time between two looks at how the runtime does, ms. */
const lookMs = 1_000;

/**
 * Serves a runtime to the windows of an app: called in the utility process that `embed` has begun, or in any child of a process
 * that does the same over its channel or its standard streams.
 *
 * Ends the process when its parent is gone, when it is asked to, and when the runtime has failed: `embed` begins it again.
 *
 * @param open makes the runtime, and with it takes the database
 */
export async function serveUtility(open: () => Runtime | Promise<Runtime>): Promise<void> {
  const utility = new Utility(findParent());
  await utility.begin(open);
}

class Utility {
  readonly #parent: Parent;
  #runtime: Runtime | undefined;
  /** Windows that came before the runtime. */
  #early: (() => void)[] = [];
  #isEnding = false;

  constructor(parent: Parent) {
    this.#parent = parent;
    parent.listen({ message: (message, port) => this.#take(message, port), gone: () => void this.#end(orphanStopMs, 0) });
  }

  async begin(open: () => Runtime | Promise<Runtime>): Promise<void> {
    try {
      this.#runtime = await open();
    } catch (error) {
      const { message } = toError(error);
      this.#parent.tell({ type: 'failed', code: isFlowError(error) ? error.code : 'runtime_failed', message, ...(isFlowError(error) && error.details && { details: error.details }) });
      return void this.#end(0, 1);
    }
    getParts(this.#runtime).keepOpen();
    for (const connect of this.#early.splice(0)) connect();
    repeat(() => {
      // It stands still, and windows wait for one that does not.
      if (this.#runtime?.health().status === 'faulted') void this.#end(0, 1);
    }, lookMs);
    this.#parent.tell({ type: 'ready' });
  }

  #take(message: ParentMessage, port: Port | undefined): void {
    if (message.type === 'connect') {
      if (port) this.#connect(port, message.scopes);
    } else if (message.type === 'stop') void this.#end(message.timeoutMs, 0);
    else if (this.#runtime) getParts(this.#runtime)[message.type]();
  }

  /** What a window may do is said by the process that made it, and judged here: nothing that the window says counts. */
  #connect(port: Port, scopes: readonly Scope[]): void {
    const runtime = this.#runtime;
    if (!runtime) return void this.#early.push(() => this.#connect(port, scopes));
    getParts(runtime).sessions.accept(new PortCarrier(port, 'a window', getParts(runtime).sessions.maxLength), scopes);
  }

  async #end(timeoutMs: number, code: number): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    systemClock.setTimer(() => process.exit(code), timeoutMs + graceMs);
    // What cannot be stopped in good order is stopped all the same: what it had stored stays.
    await this.#runtime?.stop({ timeoutMs }).catch(() => {});
    systemClock.setTimer(() => process.exit(code), lastWordMs);
  }
}
