import { setDeadline } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { describeValue } from '../core/wording.ts';
import type { Engine } from '../engine/engine.ts';
import type { RehearsedEntry } from '../engine/holding.ts';
import type { Kind } from '../engine/kind.ts';
import type { Rehearsed } from '../engine/rehearse.ts';
import type { Breakpoint, Hit } from './breakpoint.ts';
import { SetBreakpoint } from './breakpoint.ts';
import { isEnd, isSettled } from './endings.ts';
import type { GoneReason } from './gate.ts';
import { Gate } from './gate.ts';
import type { HeldMessage, Hold, HoldReason } from './hold.ts';

/** What stands still, or goes on message by message. */
export interface Held {
  /** The id of an execution, or `actor:<id>`. */
  readonly target: string;
  /** Its flow, or its machine; null: not known. */
  readonly of: string | null;
  /** `running`: message by message, until a breakpoint is met. */
  readonly mode: 'paused' | 'running';
  readonly reason: HoldReason;
  /** Epoch ms. */
  readonly since: number;
  /** What waits, the first to be let in first; at most 100. */
  readonly messages: readonly HeldMessage[];
  /** How many wait. */
  readonly count: number;
  /** The breakpoint that was met. */
  readonly hit: Hit | null;
}

/** What has become of something that was held: as it is now, or why it is not held any more. */
export type HeldChange = Held | { readonly target: string; readonly gone: GoneReason | 'left' };

export interface DebuggerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly expressionTimeLimitMs: number;
  /** Messages that are held for one execution or actor, at most; then it goes on. Default 1,000. */
  readonly maxHeldMessages?: number | undefined;
  /** Likewise, characters of JSON. Default 16 Mi. */
  readonly maxHeldBytes?: number | undefined;
  /** How long what a client holds stands still after the last one has left, ms. Default 10,000. */
  readonly graceMs?: number | undefined;
}

const shownMessages = 100;

/**
 * Has executions and actors stand still, and lets them go on message by message.
 *
 * What is held is neither decided nor stored nor acted on: a process that ends forgets it, and nothing is lost. Handlers that run
 * go on, and what they come to waits. A cancel, `stop()` and a fault always go through.
 */
export class Debugger {
  readonly #options: DebuggerOptions;
  readonly #gate: Gate;
  readonly #watchers = new Set<(change: HeldChange) => void>();
  /** Clients that steer, as long as they are there. */
  readonly #clients = new Set<object>();
  /** What clients hold, and not the process itself. */
  readonly #borrowed = new Set<string>();
  #isSetByClient = false;
  #leaving: (() => void) | undefined;

  constructor(options: DebuggerOptions) {
    this.#options = options;
    const { engine, clock, expressionTimeLimitMs, maxHeldMessages = 1_000, maxHeldBytes = 16 * 1_024 * 1_024 } = options;
    this.#gate = new Gate({ engine, clock, expressionTimeLimitMs, maxHeldMessages, maxHeldBytes, changed: (key, gone) => this.#changed(key, gone) });
  }

  /**
   * Has an execution stand still, or an actor as `actor:<id>`: what would reach it next waits. With `children`, also what it starts.
   *
   * @throws a `FlowError` with code `debug_target_unknown`, `execution_settled` or `debug_isolated`
   */
  async pause(target: string, { children = true }: { readonly children?: boolean } = {}): Promise<Held> {
    this.#options.engine.requireRunning();
    const known = this.#gate.holds.get(target);
    const { kind, group, path } = known ?? (await this.#find(target));
    const hold = this.#gate.pause(kind, { key: target, path, group }, 'pause', children);
    return this.#toHeld(hold);
  }

  /** Has executions of a flow stand still from their start on: the next one, or with `once: false` all. Their first message is `flow.start`. */
  pauseOnStart(flowId: string, { once = true, off = false }: { readonly once?: boolean; readonly off?: boolean } = {}): void {
    this.#options.engine.requireRunning();
    if (typeof flowId !== 'string' || flowId === '') throw new FlowError('option_invalid', `Expected \`flowId\` to be a text, got ${describeValue(flowId)}`);
    if (off) this.#gate.starts.delete(flowId);
    else this.#gate.starts.set(flowId, { once });
    this.#gate.arm();
  }

  /** Lets everything in, in order, and holds it no more. Without a target: everything that is held. */
  resume(target?: string): void {
    for (const hold of target === undefined ? [...this.#gate.holds.values()] : [this.#require(target)]) this.#gate.resume(hold);
  }

  /**
   * Lets the first message in, with all that follows from it: one commit. Resolves when it is stored. False: none waits.
   *
   * @throws a `FlowError` with code `debug_not_held`
   */
  async step(target: string): Promise<boolean> {
    const hold = this.#require(target);
    if (hold.mode === 'running') throw new FlowError('debug_not_held', `Expected ${target} to stand still, it goes on until a breakpoint is met. Pause it first`);
    return this.#gate.step(hold);
  }

  /** Goes on until a step has settled: the one given, or the one that the first message is for. Resolves when it stands again, or is not held any more. */
  stepOver(target: string, step?: string): Promise<void> {
    const hold = this.#require(target);
    const address = step ?? hold.list(1)[0]?.address ?? '';
    return this.#run(hold, [], entry => entry.key === target && isSettled(entry, address));
  }

  /** Goes on until it has ended; with its first message for an item of a `for_each` step, until that step has settled. */
  stepOut(target: string): Promise<void> {
    const hold = this.#require(target);
    const [, step] = /^(.+)\[\d+\]$/.exec(hold.list(1)[0]?.address ?? '') ?? [];
    return this.#run(hold, [], entry => entry.key === target && (step === undefined ? isEnd(entry) : isSettled(entry, step)));
  }

  /** Goes on until one of these is about to happen. Resolves when it stands again, or is not held any more. */
  async runTo(target: string, breakpoints: readonly Breakpoint[]): Promise<void> {
    await this.#run(this.#require(target), breakpoints.map(breakpoint => new SetBreakpoint(breakpoint)));
  }

  async #run(hold: Hold, until: readonly SetBreakpoint[], after?: (entry: RehearsedEntry) => boolean): Promise<void> {
    const stands = new Promise<void>(resolve => {
      const unwatch = this.watch(change => {
        if (change.target !== hold.key || (!('gone' in change) && change.mode === 'running')) return;
        unwatch();
        resolve();
      });
    });
    this.#gate.run(hold, until, after);
    await stands;
  }

  /**
   * What a message that waits would lead to if it were let in now: the entries that its commit would write, and what would be done
   * then. Walked through on copies: nothing is stored or done. Guards and assignments of your own machines run once more.
   *
   * @param index 0: the first. One behind it is taken against how things stand now
   */
  preview(target: string, index = 0): Promise<Rehearsed | undefined> {
    return this.#gate.preview(this.#require(target), index);
  }

  /** Sets breakpoints, in place of those that were set. Without any: tells which are. @throws a `FlowError` with code `breakpoint_invalid` */
  breakpoints(set?: readonly Breakpoint[]): readonly Breakpoint[] {
    if (set) {
      this.#options.engine.requireRunning();
      this.#gate.breakpoints = set.map(breakpoint => new SetBreakpoint(breakpoint));
      this.#gate.arm();
    }
    return this.#gate.breakpoints.map(({ breakpoint }) => breakpoint);
  }

  /** Everything that stands still, or goes on message by message. */
  held(): Held[] {
    return [...this.#gate.holds.values()].filter(({ isWanted }) => isWanted).map(hold => this.#toHeld(hold));
  }

  /** Whether it stands still. */
  isHeld(target: string): boolean {
    const hold = this.#gate.holds.get(target);
    return hold?.isWanted === true && hold.mode === 'paused';
  }

  /** Tells of every change; returns what ends it. */
  watch(watcher: (change: HeldChange) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  // clients

  /** A client of another place steers, until it has left: then what clients hold goes on after a while. */
  attach(client: object, closed: AbortSignal | undefined): void {
    this.#leaving?.();
    this.#leaving = undefined;
    if (this.#clients.has(client) || closed?.aborted) return;
    this.#clients.add(client);
    closed?.addEventListener('abort', () => this.#leave(client), { once: true });
  }

  /** It is a client's from now on. Left out: breakpoints are. */
  lend(target: string | undefined): void {
    if (target === undefined) this.#isSetByClient = true;
    else this.#borrowed.add(target);
  }

  #leave(client: object): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0 || (this.#borrowed.size === 0 && !this.#isSetByClient)) return;
    const { clock, graceMs = 10_000 } = this.#options;
    this.#leaving = setDeadline(clock, graceMs, () => this.#goOn());
  }

  #goOn(): void {
    this.#leaving = undefined;
    const targets = [...this.#borrowed];
    this.#options.logger.warn({ targets }, 'whoever held these has left: they go on');
    if (this.#isSetByClient) {
      this.#isSetByClient = false;
      this.#gate.breakpoints = [];
      this.#gate.starts.clear();
      this.#gate.arm();
    }
    for (const target of targets) {
      const hold = this.#gate.holds.get(target);
      if (hold) this.#gate.resume(hold);
    }
  }

  // reading

  async #find(target: string): Promise<{ readonly kind: Kind; readonly group: string; readonly path: string }> {
    if (typeof target !== 'string' || target === '') throw new FlowError('option_invalid', `Expected \`target\` to be a text, got ${describeValue(target)}`);
    for (const kind of this.#options.engine.kinds) {
      const found = await kind.holding?.find(target);
      if (found) return { kind, ...found };
    }
    throw new FlowError('debug_target_unknown', `Expected the id of an execution, or \`actor:<id>\` of an actor, that has not ended, got ${describeValue(target)}`);
  }

  #require(target: string): Hold {
    const hold = this.#gate.holds.get(target);
    if (hold?.isWanted) return hold;
    throw new FlowError('debug_not_held', `Expected something that stands still, got ${describeValue(target)}. Pause it first; it may have gone on, or ended`);
  }

  #toHeld(hold: Hold): Held {
    const { key, group = null, mode, reason, since, length, hit = null } = hold;
    return { target: key, of: group, mode, reason, since, messages: hold.list(shownMessages), count: length, hit };
  }

  #changed(key: string, gone: GoneReason | undefined): void {
    const hold = this.#gate.holds.get(key);
    if (gone === 'limit') this.#options.logger.warn({ target: key }, 'too much was held for it: it goes on');
    if (gone !== undefined) this.#borrowed.delete(key);
    const change = gone !== undefined || !hold ? { target: key, gone: gone ?? ('left' as const) } : this.#toHeld(hold);
    for (const watcher of this.#watchers) watcher(change);
  }
}
