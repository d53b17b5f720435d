import { messageMachine } from '../../machines/message.ts';
import type { Records } from '../../persistence/store.ts';
import { createBatch } from '../../persistence/records/empty-batch.ts';
import { DueTimes } from '../../src/engine/due.ts';
import type { Envelope, Tick } from '../../src/engine/kind.ts';
import { BelievedTime } from '../../src/core/believed-time.ts';
import type { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { compileMachine } from '../../src/core/machine-runner.ts';
import type { Queue } from '../../src/kinds/queues/define-queue.ts';
import type { ClaimedMessage, Link, QueueCommand } from '../../src/kinds/queues/queue-commands.ts';
import { QueueParticipant } from '../../src/kinds/queues/queue-participant.ts';

/** The queues of a store without a runtime around them: ticks as a test wants them. */
export class QueueTicks {
  readonly participant: QueueParticipant;
  readonly link: Link;
  /** What was handed out since it was looked at last: the number of the request, then the messages. */
  readonly #given: { readonly id: number; readonly messages: readonly ClaimedMessage[] }[] = [];
  readonly #clock: SimulatedClock;
  readonly #store: Records;
  #posted: QueueCommand[] = [];

  constructor(store: Records, clock: SimulatedClock, queue: Queue) {
    this.#store = store;
    this.#clock = clock;
    const machine = compileMachine(messageMachine);
    this.participant = new QueueParticipant({
      store, clock, believed: new BelievedTime(clock), random: createSeededRandom(1), flows: { toCommand: () => this.participant.toCommand({ type: 'refill' }) }, logger: silentLogger, machine: machine as never, findQueue: () => queue, reconnectMs: 1e9,
    });
    this.link = { name: 'guest:test', deliver: (id, messages) => void this.#given.push({ id, messages }), lose: () => {} };
  }

  async begin(): Promise<void> {
    const post = ({ command }: Envelope): void => void this.#posted.push(command as QueueCommand);
    await this.participant.begin({ lastKey: 0, due: new DueTimes(this.#clock), isOpen: true, sift: undefined, post, ask: () => Promise.resolve() });
    this.settle();
  }

  /** One tick with these commands; what follows from it is done in the next ones. Returns the answers. */
  tick(commands: readonly QueueCommand[]): unknown[] {
    const now = this.#clock.now();
    const unused = (): never => {
      throw new TypeError('Expected no command that needs this');
    };
    const tick: Tick = { now, post: unused, take: unused, hold: unused, attempt: unused };
    const answers = commands.map(command => {
      // This store answers at once.
      void this.participant.load(command, now);
      return this.participant.apply(command, tick);
    });
    const batch = createBatch();
    this.participant.collect(batch, now);
    void this.#store.commit(batch);
    this.participant.perform(now);
    return answers;
  }

  /** Ticks until nothing follows. */
  settle(): void {
    while (this.#posted.length > 0) this.tick(this.#posted.splice(0, 1));
  }

  takeGiven(): { readonly id: number; readonly messages: readonly ClaimedMessage[] }[] {
    return this.#given.splice(0);
  }
}
