import { isFlowError } from '../../core/errors.ts';
import type { ClaimedMessage, Outcome, Published, PublishRequest, Receipt } from './queue-commands.ts';
import type { Ask, QueuePort } from './queue-port.ts';

/** Where the queues are at present: here, or at the end of a connection. */
export interface Station {
  request(id: number, ask: Ask): void;
  unrequest(id: number): void;
  answer(receipt: Receipt, outcome: Outcome): Promise<boolean>;
  publish(requests: readonly PublishRequest[]): Promise<readonly Published[]>;
  register(queue: string, instance: string): Promise<void>;
  redrive(queue: string, messageId: string | undefined): Promise<number>;
  purge(queue: string, status: 'dead' | 'completed'): Promise<number>;
  forget(queue: string, instance: string): Promise<void>;
  /** It could not do what it was asked for, and is given up. */
  failed(): void;
}

/** What a call that was cut off fails with: whether it was carried out is not known. */
const isCutOff = (error: unknown): boolean =>
  ['owner_silent', 'owner_unreachable', 'runtime_stopped', 'runtime_faulted', 'store_closed', 'stale_owner', 'commit_failed'].some(code => isFlowError(error, code));

/**
 * A port that survives its owner: what was asked is asked again at the next one, what was said is said again. Both are
 * safe to repeat: a publish goes by its message id, an answer by its claim.
 */
export class RoamingPort implements QueuePort {
  readonly #asked = new Map<number, { readonly ask: Ask; readonly deliver: (messages: readonly ClaimedMessage[]) => void }>();
  readonly #held = new Map<number, Receipt>();
  readonly #losers = new Set<(receipts: readonly Receipt[]) => void>();
  #station: Station | undefined;
  #arrived: (() => void)[] = [];
  #lastId = 0;
  #closed: Error | undefined;

  /** Claims this process works on. */
  get receipts(): readonly Receipt[] {
    return [...this.#held.values()];
  }

  /** The queues are here from now on; undefined: nobody owns them at the moment. */
  move(station: Station | undefined): void {
    this.#station = station;
    if (!station) return;
    for (const [id, { ask }] of this.#asked) station.request(id, ask);
    for (const arrived of this.#arrived.splice(0)) arrived();
  }

  close(error: Error): void {
    this.#closed = error;
    for (const arrived of this.#arrived.splice(0)) arrived();
  }

  request(ask: Ask, deliver: (messages: readonly ClaimedMessage[]) => void): () => void {
    const id = ++this.#lastId;
    this.#asked.set(id, { ask, deliver });
    this.#station?.request(id, ask);
    return () => {
      if (this.#asked.delete(id)) this.#station?.unrequest(id);
    };
  }

  deliver(id: number, messages: readonly ClaimedMessage[]): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    for (const { key, messageId, claim } of messages) this.#held.set(key, { key, messageId, claim });
    if (asked) return asked.deliver(messages);
    for (const receipt of messages) this.answer(receipt, { type: 'release' }).catch(() => {});
  }

  lose(receipts: readonly Receipt[]): void {
    for (const { key, claim } of receipts) if (this.#held.get(key)?.claim === claim) this.#held.delete(key);
    for (const callback of this.#losers) callback(receipts);
  }

  watchLost(callback: (receipts: readonly Receipt[]) => void): () => void {
    this.#losers.add(callback);
    return () => this.#losers.delete(callback);
  }

  async answer({ key, messageId, claim }: Receipt, outcome: Outcome): Promise<boolean> {
    const accepted = await this.reach(station => station.answer({ key, messageId, claim }, outcome));
    if (outcome.type !== 'extend' && this.#held.get(key)?.claim === claim) this.#held.delete(key);
    return accepted;
  }

  async register(queue: string, instance: string): Promise<void> {
    await this.reach(station => station.register(queue, instance));
  }

  publish(requests: readonly PublishRequest[]): Promise<readonly Published[]> {
    return this.reach((station, again) => station.publish(again ? requests.map(request => ({ ...request, relayed: true })) : requests));
  }

  /** Tries until somebody has answered. */
  async reach<T>(work: (station: Station, again: boolean) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      if (this.#closed) throw this.#closed;
      const station = this.#station;
      if (!station) {
        await new Promise<void>(resolve => this.#arrived.push(resolve));
        continue;
      }
      try {
        return await work(station, again);
      } catch (error) {
        if (!isCutOff(error)) throw error;
        // The next station, not the one that has just failed.
        if (this.#station !== station) continue;
        this.#station = undefined;
        station.failed();
      }
    }
  }
}
