import type { ClaimedMessage, Link, Outcome, QueueCommand, Receipt } from './queue-commands.ts';
import type { Answer } from '../../../persistence/answer.ts';
import type { QueueReader } from '../../../persistence/queue-store.ts';
import type { Logger } from '../../core/logger.ts';
import type { Grant } from './queue-states.ts';
import { toClaimedMessage } from './queued-message.ts';

/** Where a consumer claims and answers: the queues of its own process, or those of their owner, over a socket. */
export interface QueuePort {
  /** Asks for messages; `deliver` is called once, when there are some. Call what is returned to ask no longer. */
  request(ask: Ask, deliver: (messages: readonly ClaimedMessage[]) => void): () => void;
  /** @returns whether the claim was still held, once it is stored */
  answer(receipt: Receipt, outcome: Outcome): Promise<boolean>;
  register(queue: string, instance: string): Promise<void>;
  /** Calls back with claims that ran out. */
  watchLost(callback: (receipts: readonly Receipt[]) => void): () => void;
}

export interface Ask {
  readonly queue: string;
  readonly instance: string | null;
  readonly max: number;
  readonly leaseMs: number;
}

/** The port of consumers in the owner's own process. */
export class LocalPort implements QueuePort, Link {
  readonly name: string;
  readonly #send: (command: QueueCommand) => Promise<unknown>;
  readonly #asked = new Map<number, (messages: readonly ClaimedMessage[]) => void>();
  readonly #losers = new Set<(receipts: readonly Receipt[]) => void>();
  #lastId = 0;

  constructor(name: string, send: (command: QueueCommand) => Promise<unknown>) {
    this.name = name;
    this.#send = send;
  }

  request({ queue, instance, max, leaseMs }: Ask, deliver: (messages: readonly ClaimedMessage[]) => void): () => void {
    const id = ++this.#lastId;
    this.#asked.set(id, deliver);
    // A runtime that stops tells its consumers itself.
    const ignore = (): void => {};
    this.#send({ type: 'claim', request: { id, link: this, queue, instance, max, leaseMs } }).catch(ignore);
    return () => {
      // A delivery may be under way: then it comes to a request that is gone, and is given back.
      if (this.#asked.delete(id)) this.#send({ type: 'unclaim', link: this, id }).catch(ignore);
    };
  }

  async answer(receipt: Receipt, outcome: Outcome): Promise<boolean> {
    return (await this.#send({ type: 'answer', by: this.name, receipt, outcome })) === true;
  }

  async register(queue: string, instance: string): Promise<void> {
    await this.#send({ type: 'register', queue, instance });
  }

  watchLost(callback: (receipts: readonly Receipt[]) => void): () => void {
    this.#losers.add(callback);
    return () => this.#losers.delete(callback);
  }

  deliver(requestId: number, messages: readonly ClaimedMessage[]): void {
    const take = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    if (take) return take(messages);
    for (const receipt of messages) this.answer(receipt, { type: 'release' }).catch(() => {});
  }

  lose(receipts: readonly Receipt[]): void {
    for (const callback of this.#losers) callback(receipts);
  }

  /** The runtime was begun anew: nothing that was asked for will come. */
  forget(): void {
    this.#asked.clear();
  }
}

/** Gives a worker its messages, with their payloads: at once, when none of these has to be waited for. */
export function deliverTo({ request: { link, id }, messages: granted }: Grant, { store, logger }: { readonly store: QueueReader; readonly logger: Logger }): void {
  const messages: Answer<ClaimedMessage>[] = granted.map(one => {
    const payload = one.payload ?? store.getMessagePayload(one.key);
    // It is not kept: whoever gets the message next may have to wait long.
    one.payload = undefined;
    // As it was claimed: what happens to it until its payload has been read is another's.
    const message = toClaimedMessage(one, '');
    return payload instanceof Promise ? payload.then(text => ({ ...message, payload: text ?? 'null' })) : { ...message, payload: payload ?? 'null' };
  });
  const isRead = (message: Answer<ClaimedMessage>): message is ClaimedMessage => !(message instanceof Promise);
  if (messages.every(isRead)) return link.deliver(id, messages);
  Promise.all(messages).then(
    list => link.deliver(id, list),
    error => logger.error({ err: error }, 'payloads could not be read; their claims will run out'),
  );
}
