import { turns } from '../../../persistence/queue-records.ts';
import type { Lane, QueueState } from './queue-state.ts';
import type { QueuedMessage } from './queued-message.ts';
import { isBefore, isDue, keepsPlace } from './queued-message.ts';

export interface LineupOptions {
  readonly stateOf: (queue: string) => QueueState;
  /** It is in memory, and ahead of what is stored, until the commit. */
  readonly keep: (message: QueuedMessage) => void;
  /** It took another turn, and nothing else of it changes. */
  readonly turned: (message: QueuedMessage) => void;
  /** Whether this is what there is of a message now. */
  readonly isCurrent: (message: QueuedMessage) => boolean;
}

/** Which turn messages take: of a partition and priority one is free, claimed or away, and the others stand behind it. */
export class Lineup {
  readonly #options: LineupOptions;

  constructor(options: LineupOptions) {
    this.#options = options;
  }

  /** A message that is not in its queue yet, and has not been handed out. */
  enter(message: QueuedMessage, now: number): void {
    this.#options.keep(message);
    if (message.partitionKey !== null && !isDue(message, now)) message.turn = turns.delayed;
    else this.#line(message);
  }

  /** Gives it its place in its partition, or among all. */
  #line(message: QueuedMessage): void {
    const lane = this.#options.stateOf(message.queue).openLane(message);
    const head = lane?.headOf(message.priority);
    const isFirst = !head || (head.turn === turns.free && !keepsPlace(head) && isBefore(message, head));
    if (!isFirst) {
      message.turn = turns.behind;
      lane?.addBehind(message);
      return;
    }
    if (lane && head) this.#demote(head, lane);
    this.#free(message, lane);
  }

  #free(message: QueuedMessage, lane: Lane | undefined): void {
    message.turn = turns.free;
    lane?.setHead(message);
    this.#options.stateOf(message.queue).listOf(message.instance).add(message);
  }

  #demote(head: QueuedMessage, lane: Lane): void {
    this.#options.stateOf(head.queue).listOf(head.instance).remove(head);
    head.turn = turns.behind;
    lane.addBehind(head);
    this.#options.keep(head);
    this.#options.turned(head);
  }

  /** Its time away is over, or its delay in its partition. */
  comeBack(message: QueuedMessage): void {
    const lane = this.#options.stateOf(message.queue).openLane(message);
    this.#options.keep(message);
    if (message.turn === turns.away && (!lane || lane.headOf(message.priority) === message)) this.#free(message, lane);
    else this.#line(message);
    this.#options.turned(message);
  }

  /** It was handed out and has not ended: it keeps its place, and holds up those behind it. */
  giveBack(message: QueuedMessage, now: number): void {
    const lane = this.#options.stateOf(message.queue).openLane(message);
    const head = lane?.headOf(message.priority);
    if (lane && head && head !== message && head.turn === turns.free) this.#demote(head, lane);
    this.#options.keep(message);
    if (isDue(message, now)) return this.#free(message, lane);
    message.turn = turns.away;
    lane?.setHead(message);
  }

  /** It has ended: the one behind it comes next. */
  end(message: QueuedMessage): void {
    const lane = this.#options.stateOf(message.queue).openLane(message);
    if (!lane?.removeHead(message)) return;
    const next = lane.takeNext(message.priority, this.#options.isCurrent);
    if (!next) return;
    this.#options.keep(next);
    this.#free(next, lane);
    this.#options.turned(next);
  }
}
