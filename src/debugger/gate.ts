import { setDeadline } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { RehearsedEntry, Subject } from '../engine/holding.ts';
import type { Envelope, Kind } from '../engine/kind.ts';
import type { Rehearsed } from '../engine/rehearse.ts';
import { rehearse } from '../engine/rehearse.ts';
import type { Sift } from '../engine/sift.ts';
import type { Hit, SetBreakpoint } from './breakpoint.ts';
import type { HoldReason } from './hold.ts';
import { Hold } from './hold.ts';

export interface GateOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Most CPU that an expression of a breakpoint may take, ms. */
  readonly expressionTimeLimitMs: number;
  readonly maxHeldMessages: number;
  readonly maxHeldBytes: number;
  /** Something about it has changed; `gone`: it is not held any more, and why. */
  readonly changed: (key: string, gone?: GoneReason) => void;
}

/** Why something is not held any more. */
export type GoneReason = 'resumed' | 'settled' | 'limit' | 'stopped' | 'faulted';

/** When a step that nobody says the end of is taken to be over, ms. */
const silentMs = 10_000;

/** Holds what executions and actors would be told, before it is decided, stored or acted on. */
export class Gate implements Sift {
  /** Executions of these flows stand still from their start on. */
  readonly starts = new Map<string, { readonly once: boolean }>();
  readonly holds = new Map<string, Hold>();
  breakpoints: readonly SetBreakpoint[] = [];
  readonly #options: GateOptions;
  /** Let in by a step, and what says that it is over. */
  readonly #passes = new Map<Envelope, () => void>();
  /** Stored at once, as what it begins is held. */
  readonly #apart = new WeakSet<Envelope>();
  /** A breakpoint was met by it: it is let in now. */
  readonly #judged = new WeakSet<Envelope>();
  /** What has moved in this tick: it takes all that is sent to it, so that nothing is stored by halves. */
  #moved = new Set<string>();
  /** Held in the course of this tick, as soon as that is stored. */
  #provisional: { readonly hold: Hold; readonly envelope: Envelope; /** Also when the tick is taken again. */ readonly stays: boolean }[] = [];
  #number = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Stands in the way of ticks only where there is something to stand in the way of. */
  arm(): void {
    const isNeeded = this.holds.size > 0 || this.starts.size > 0 || this.breakpoints.length > 0;
    this.#options.engine.sift = isNeeded ? this : undefined;
  }

  // the sift

  sift(given: readonly Envelope[]): readonly Envelope[] {
    this.#moved = new Set();
    return given.flatMap(envelope => this.#siftOne(envelope) ?? []);
  }

  #siftOne(envelope: Envelope): Envelope | undefined {
    const { kind, command } = envelope;
    const subject = kind.holding?.subjectOf(command);
    if (!subject) return envelope;
    if (this.#passes.has(envelope) || this.#apart.has(envelope)) return this.#let(envelope, subject);
    const apart = this.#begins(subject) ? kind.holding?.apart(command) : undefined;
    if (apart) {
      if (this.starts.get(subject.group ?? '')?.once) this.starts.delete(subject.group ?? '');
      const [first, then] = apart;
      const stored = { ...envelope, command: first };
      this.#apart.add(stored);
      // Once it is stored: what it begins with is looked at then.
      this.#provisional.push({ hold: this.#find(subject, kind) ?? this.#create(kind, subject, 'start', true), envelope: { kind, command: then }, stays: true });
      return this.#let(stored, subject);
    }
    const hold = subject.passes ? undefined : this.#find(subject, kind);
    if (!hold) return this.#let(envelope, subject);
    this.#hold(hold, envelope);
    return undefined;
  }

  #let(envelope: Envelope, { key }: Subject): Envelope {
    this.#moved.add(key);
    return envelope;
  }

  takes(envelope: Envelope): boolean {
    const { kind, command } = envelope;
    const subject = kind.holding?.subjectOf(command);
    if (!subject) return false;
    const hold = subject.passes || this.#moved.has(subject.key) ? undefined : this.#find(subject, kind);
    if (!hold) {
      this.#moved.add(subject.key);
      return false;
    }
    this.#provisional.push({ hold, envelope, stays: false });
    return true;
  }

  ended(isStored: boolean): void {
    const held = this.#provisional;
    // Where it is dropped, whoever sent them sends them again.
    this.#provisional = isStored ? [] : held.filter(({ stays }) => stays);
    if (isStored) for (const { hold, envelope } of held) this.#hold(hold, envelope);
  }

  failed(envelope: Envelope): void {
    this.#passes.get(envelope)?.();
  }

  isHeld(key: string, path = key, group?: string): boolean {
    if (this.holds.has(key)) return true;
    return this.#findParent(path) !== undefined || (group !== undefined && this.#isWatched(key, path, group));
  }

  over(key: string): void {
    const hold = this.holds.get(key);
    if (hold) this.#remove(hold, 'settled');
  }

  letAll(): void {
    this.starts.clear();
    this.breakpoints = [];
    for (const hold of this.holds.values()) this.#remove(hold, 'stopped');
  }

  close(error: Error): void {
    this.starts.clear();
    this.breakpoints = [];
    for (const pass of this.#passes.values()) pass();
    for (const hold of this.holds.values()) {
      for (const { refused } of hold.takeAll()) refused?.(error);
      this.#remove(hold, 'faulted');
    }
  }

  // what is held

  #begins({ key, path = key, group }: Subject): boolean {
    return (group !== undefined && this.starts.has(group)) || this.#findParent(path) !== undefined || this.#isWatched(key, path, group);
  }

  #findParent(path: string): Hold | undefined {
    for (const hold of this.holds.values()) if (hold.children && hold.isWanted && hold.mode === 'paused' && path.startsWith(`${hold.key}.`)) return hold;
    return undefined;
  }

  #isWatched(key: string, path: string, group: string | undefined): boolean {
    return this.breakpoints.some(breakpoint => breakpoint.concerns(key, path, group));
  }

  #find(subject: Subject, kind: Kind): Hold | undefined {
    const { key, path = key, group } = subject;
    const hold = this.holds.get(key);
    if (hold) return hold;
    if (this.#findParent(path)) return this.#create(kind, subject, 'parent', true);
    if (!this.#isWatched(key, path, group)) return undefined;
    const watched = this.#create(kind, subject, 'breakpoint', false);
    watched.mode = 'running';
    return watched;
  }

  #create(kind: Kind, subject: Subject, reason: HoldReason, isWanted: boolean): Hold {
    const hold = new Hold(kind, subject, this.#options.clock.now(), reason, isWanted);
    this.holds.set(hold.key, hold);
    this.arm();
    if (isWanted) this.#options.changed(hold.key);
    return hold;
  }

  /** Has it stand still from here on. */
  pause(kind: Kind, subject: Subject, reason: HoldReason, children: boolean): Hold {
    const hold = this.holds.get(subject.key) ?? this.#create(kind, subject, reason, true);
    Object.assign(hold, { children, isWanted: true });
    this.#stand(hold, reason);
    return hold;
  }

  #stand(hold: Hold, reason: HoldReason, hit?: Hit): void {
    Object.assign(hold, { mode: 'paused', until: [], after: undefined, reason, hit, isWanted: true });
    this.#options.changed(hold.key);
  }

  #hold(hold: Hold, envelope: Envelope): void {
    // It was let go meanwhile.
    if (this.holds.get(hold.key) !== hold) return this.#options.engine.postFirst([envelope]);
    hold.add(envelope, ++this.#number, this.#options.clock.now());
    const { maxHeldMessages, maxHeldBytes } = this.#options;
    if (hold.mode === 'running') void this.#pump(hold);
    else if (hold.length > maxHeldMessages || hold.size > maxHeldBytes) queueMicrotask(() => this.holds.get(hold.key) === hold && this.#remove(hold, 'limit'));
    else this.#options.changed(hold.key);
  }

  /** Lets everything in, in order, before all that came meanwhile. */
  resume(hold: Hold): void {
    this.#remove(hold, 'resumed');
    for (const other of this.holds.values()) if (hold.children && other.reason === 'parent' && other.path.startsWith(`${hold.key}.`)) this.#remove(other, 'resumed');
  }

  #remove(hold: Hold, gone: GoneReason): void {
    if (!this.holds.delete(hold.key)) return;
    // Where the same breakpoint would be met again, it is not.
    const held = hold.takeAll();
    if (held.length > 0) this.#options.engine.postFirst(held);
    this.arm();
    if (gone !== 'faulted') hold.kind.holding?.released(hold.key);
    if (hold.isWanted) this.#options.changed(hold.key, gone);
  }

  /** Goes on message by message, until one of these is about to happen, or such an entry is stored. */
  run(hold: Hold, until: readonly SetBreakpoint[], after?: Hold['after']): void {
    Object.assign(hold, { mode: 'running', until, after, hit: undefined });
    this.#options.changed(hold.key);
    void this.#pump(hold);
  }

  // letting in

  /** Lets the first in; resolves when what follows from it is stored. False: there is none. */
  step(hold: Hold): Promise<boolean> {
    const turn = hold.turn.then(() => this.#letIn(hold));
    hold.turn = turn;
    return turn;
  }

  async #letIn(hold: Hold): Promise<boolean> {
    if (this.holds.get(hold.key) !== hold) return false;
    const envelope = hold.take();
    if (!envelope) return false;
    hold.hit = undefined;
    const { done, refused } = envelope;
    await new Promise<void>(resolve => {
      const end = setDeadline(this.#options.clock, silentMs, resolve);
      const over = (): void => {
        end();
        this.#passes.delete(pass);
        resolve();
      };
      const pass: Envelope = {
        ...envelope,
        done: answer => {
          done?.(answer);
          over();
        },
        // Whether somebody can be refused decides what becomes of one that fails.
        refused: refused && (error => {
          refused(error);
          over();
        }),
      };
      this.#passes.set(pass, over);
      this.#options.engine.postFirst([pass]);
    });
    if (this.holds.get(hold.key) === hold) this.#options.changed(hold.key);
    return true;
  }

  async preview(hold: Hold, index: number): Promise<Rehearsed | undefined> {
    const envelope = hold.at(index);
    return envelope && rehearse(envelope, this.#options.clock.now());
  }

  /** Each is looked at when it is its turn, against what it will meet. */
  async #pump(hold: Hold): Promise<void> {
    if (hold.isPumping) return;
    hold.isPumping = true;
    const isCurrent = (): boolean => this.holds.get(hold.key) === hold && hold.mode === 'running';
    try {
      while (isCurrent() && hold.head) {
        const { head } = hold;
        const { hit, ends } = await this.#look(hold, head);
        if (!isCurrent() || hold.head !== head) continue;
        if (hit) {
          this.#judged.add(head);
          this.#stand(hold, 'breakpoint', hit);
        } else {
          await this.step(hold);
          if (ends && this.holds.get(hold.key) === hold) this.#stand(hold, 'done');
        }
      }
    } finally {
      hold.isPumping = false;
    }
    // Nobody asked for it, and nothing is left to be looked at.
    if (isCurrent() && !hold.isWanted && hold.length === 0) this.#remove(hold, 'resumed');
  }

  async #look(hold: Hold, head: Envelope): Promise<{ readonly hit: Hit | undefined; readonly ends: boolean }> {
    const { clock, expressionTimeLimitMs: timeLimitMs } = this.#options;
    const entries: readonly RehearsedEntry[] = (await rehearse(head, clock.now())).entries;
    const ends = hold.after !== undefined && entries.some(hold.after);
    if (this.#judged.has(head)) return { hit: undefined, ends };
    // Of one that was not in memory it is not known before.
    hold.group ??= (await Promise.resolve(hold.kind.holding?.find(hold.key)).catch(() => undefined))?.group;
    for (const breakpoint of [...hold.until, ...this.breakpoints]) {
      if (!breakpoint.concerns(hold.key, hold.path, hold.group)) continue;
      const hit = await breakpoint.judge(entries, { now: clock.now(), timeLimitMs });
      if (!hit) continue;
      if (breakpoint.breakpoint.once) {
        this.breakpoints = this.breakpoints.filter(other => other !== breakpoint);
        this.arm();
      }
      return { hit, ends };
    }
    return { hit: undefined, ends };
  }
}
