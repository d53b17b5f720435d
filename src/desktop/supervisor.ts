import type { RuntimeProcessContext, RuntimeProcessEvent, RuntimeProcessInput } from '../../machines/runtime-process.ts';
import { runtimeProcessMachine } from '../../machines/runtime-process.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import { compileMachine } from '../core/machine-runner.ts';
import type { HostEvents, HostProcess, ParentMessage } from './host-messages.ts';

/** When a process that has ended is begun again. */
export interface RestartOptions {
  /** Wait before it is begun again, ms; it doubles with each end. Default 500. */
  readonly leastWaitMs?: number;
  /** Longest wait, ms. Default 30,000. */
  readonly mostWaitMs?: number;
  /** How long it has to stand before its end is counted as the first again, ms. Default 10,000. */
  readonly steadyMs?: number;
}

export interface SupervisorOptions<Port> {
  readonly fork: (events: HostEvents) => HostProcess<Port>;
  readonly clock: Clock;
  /** It was lost: windows are to ask for a new port. */
  readonly lost: () => void;
  /** It could not begin, or does not stand. It is begun again all the same, later and later. */
  readonly failed: (error: FlowError) => void;
  readonly restart?: RestartOptions | undefined;
  /** Calls back at each change. */
  readonly changed?: (state: RuntimeProcessState) => void;
}

/** Where the process stands: a state of `machines/runtime-process.ts`. */
export type RuntimeProcessState = 'stopped' | 'starting' | 'running' | 'waiting' | 'stopping';

/** Ends in a row after which one that says nothing itself is reported. */
const reportAfter = 5;
const defaults: RuntimeProcessInput = { leastWaitMs: 500, mostWaitMs: 30_000, steadyMs: 10_000, reportAfter };
/** How long it may take to end after it was asked to, beside what its handlers are given, ms. */
const graceMs = 2_000;
const defaultStopMs = 3_000;
const runner = compileMachine<RuntimeProcessContext, RuntimeProcessEvent, RuntimeProcessInput>(runtimeProcessMachine);

/** Keeps the runtime's process alive, and takes windows to it. */
export class Supervisor<Port> {
  readonly #options: SupervisorOptions<Port>;
  #snapshot: Snapshot<RuntimeProcessContext>;
  #process: HostProcess<Port> | undefined;
  #timer: unknown;
  #stopMs = defaultStopMs;
  /** Who wants to be taken to it once it is ready: of each the latest wish. */
  readonly #wishes = new Map<unknown, (process: HostProcess<Port>) => void>();
  #stopped: (() => void)[] = [];

  constructor(options: SupervisorOptions<Port>) {
    this.#options = options;
    this.#snapshot = runner.initial({ ...defaults, ...options.restart });
  }

  get state(): RuntimeProcessState {
    return this.#snapshot.value as RuntimeProcessState;
  }

  /** Processes that were begun so far. */
  get starts(): number {
    return this.#snapshot.context.starts;
  }

  start(): void {
    this.#move({ type: 'process.start' });
  }

  /**
   * Lets handlers that run go on for so long, then ends it; resolves when it has ended.
   *
   * @param timeoutMs default 3,000. It is killed 2 s later: what it had stored stays
   */
  stop(timeoutMs = defaultStopMs): Promise<void> {
    this.#stopMs = timeoutMs;
    this.#move({ type: 'process.stop' });
    if (this.state === 'stopped') return Promise.resolve();
    return new Promise(resolve => this.#stopped.push(resolve));
  }

  /** Calls back with the process: at once when it is ready, else when it is. Whoever asks again takes the first wish back. */
  reach(who: unknown, connect: (process: HostProcess<Port>) => void): void {
    if (this.state === 'running' && this.#process) connect(this.#process);
    else this.#wishes.set(who, connect);
  }

  forget(who: unknown): void {
    this.#wishes.delete(who);
  }

  /** Says something to the process, if there is one that listens. */
  tell(message: ParentMessage): void {
    if (this.state === 'running') this.#process?.send(message);
  }

  #move(event: RuntimeProcessEvent): void {
    const effects: string[] = [];
    const before = this.#snapshot;
    this.#snapshot = runner.transition(before, event, effects);
    for (const effect of effects) this.#perform(effect);
    if (this.#snapshot.value === before.value) return;
    if (this.state === 'running') this.#welcome();
    if (this.state === 'stopped') for (const resolve of this.#stopped.splice(0)) resolve();
    this.#options.changed?.(this.state);
  }

  #perform(effect: string): void {
    const { clock } = this.#options;
    if (effect === 'fork') this.#fork();
    else if (effect === 'observe') this.#setTimer(this.#snapshot.context.steadyMs);
    else if (effect === 'wait') this.#setTimer(this.#snapshot.context.waitMs ?? 0);
    else if (effect === 'unobserve' || effect === 'unwait' || effect === 'unlimit') clock.clearTimer(this.#timer);
    else if (effect === 'kill') this.#process?.kill();
    else if (effect === 'report') this.#report();
    else {
      this.#process?.send({ type: 'stop', timeoutMs: this.#stopMs });
      this.#setTimer(this.#stopMs + graceMs);
    }
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#options.clock.setTimer(() => this.#move({ type: 'timer.fired' }), delayMs);
  }

  #report(): void {
    const { failures, waitMs } = this.#snapshot.context;
    const text = `Expected the process of the runtime to stand, it has ended ${failures} times in a row. It is begun again in ${waitMs} ms; see what it has written to its error output`;
    this.#options.failed(new FlowError('runtime_unsteady', text, { details: { failures, waitMs } }));
  }

  #fork(): void {
    const { fork, failed, lost } = this.#options;
    let isTold = false;
    const process: HostProcess<Port> = fork({
      message: message => {
        if (this.#process !== process) return;
        if (message.type === 'ready') return this.#move({ type: 'process.ready' });
        isTold = true;
        failed(new FlowError(message.code, message.message, { details: message.details as Record<string, unknown> | undefined }));
      },
      exited: () => {
        if (this.#process !== process) return;
        this.#process = undefined;
        this.#move({ type: 'process.exited', isTold });
        lost();
      },
    });
    this.#process = process;
  }

  #welcome(): void {
    const wishes = [...this.#wishes.values()];
    this.#wishes.clear();
    if (this.#process) for (const connect of wishes) connect(this.#process);
  }
}
