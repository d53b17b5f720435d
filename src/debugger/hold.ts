import type { Described, RehearsedEntry } from '../engine/holding.ts';
import type { Envelope, Kind } from '../engine/kind.ts';
import { putInOrder } from '../engine/loop.ts';
import type { Hit, SetBreakpoint } from './breakpoint.ts';

/** Why an execution or actor stands, or was let go. */
export type HoldReason = 'pause' | 'start' | 'parent' | 'breakpoint' | 'done' | 'step';

/** A message that waits to be let in. */
export interface HeldMessage {
  /** Rising in the order in which they came to be held; of its process. */
  readonly number: number;
  /** Whom it reaches below its target: a step, `step[3]`; '': the target itself. */
  readonly address: string;
  readonly event: { readonly type: string; readonly [name: string]: unknown };
  /** JSON text of what comes with it. */
  readonly output?: string;
  /** Epoch ms. */
  readonly heldAt: number;
}

interface Waiting {
  readonly envelope: Envelope;
  readonly number: number;
  readonly heldAt: number;
  readonly described: Described;
}

/** One execution or actor that stands still, or goes on message by message. */
export class Hold {
  readonly key: string;
  readonly path: string;
  readonly kind: Kind;
  group: string | undefined;
  readonly since: number;
  reason: HoldReason;
  /** Whether what it starts stands still with it. */
  children = true;
  /** Running: message by message, each looked at before it is let in. */
  mode: 'paused' | 'running' = 'paused';
  /** Where it is to stand again, beside the breakpoints of everybody. */
  until: readonly SetBreakpoint[] = [];
  /** It stands again after the commit of such an entry. */
  after: ((entry: RehearsedEntry) => boolean) | undefined;
  hit: Hit | undefined;
  /** It looks at its messages, one after the other. */
  isPumping = false;
  /** Steps wait for one another: each is a commit of its own. */
  turn: Promise<unknown> = Promise.resolve();
  /** Somebody asked for it, not only a breakpoint that might be met. */
  isWanted: boolean;
  size = 0;
  readonly #waiting: Waiting[] = [];
  readonly #order: Envelope[] = [];

  constructor(kind: Kind, { key, path = key, group }: { readonly key: string; readonly path?: string | undefined; readonly group?: string | undefined }, since: number, reason: HoldReason, isWanted: boolean) {
    this.kind = kind;
    this.key = key;
    this.path = path;
    this.group = group;
    this.since = since;
    this.reason = reason;
    this.isWanted = isWanted;
  }

  get length(): number {
    return this.#order.length;
  }

  get head(): Envelope | undefined {
    return this.#order[0];
  }

  at(index: number): Envelope | undefined {
    return this.#order[index];
  }

  /** Those that have an order among themselves keep it, as when they come in one tick. */
  add(envelope: Envelope, number: number, heldAt: number): void {
    const described = envelope.kind.holding?.describe(envelope.command) ?? { address: '', event: { type: 'unknown' }, size: 0 };
    this.#waiting.push({ envelope, number, heldAt, described });
    this.#order.push(envelope);
    putInOrder(this.#order);
    this.size += described.size;
  }

  take(): Envelope | undefined {
    const [first] = this.#order.splice(0, 1);
    if (first) this.#drop(first);
    return first;
  }

  takeAll(): Envelope[] {
    this.#waiting.length = 0;
    this.size = 0;
    return this.#order.splice(0);
  }

  #drop(envelope: Envelope): void {
    const index = this.#waiting.findIndex(waiting => waiting.envelope === envelope);
    const [gone] = this.#waiting.splice(index, 1);
    this.size -= gone?.described.size ?? 0;
  }

  /** The first of them, in the order in which they would be let in. */
  list(limit: number): HeldMessage[] {
    const byEnvelope = new Map(this.#waiting.map(waiting => [waiting.envelope, waiting]));
    return this.#order.slice(0, limit).map(envelope => {
      const { number, heldAt, described: { address, event, output } } = byEnvelope.get(envelope) as Waiting;
      return { number, address, event, ...(output !== undefined && { output }), heldAt };
    });
  }
}
