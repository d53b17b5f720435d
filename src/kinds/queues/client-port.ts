import type { OpenSubscription } from '../../owner/owner-connection.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';
import type { ClaimedMessage, Outcome, Receipt } from './queue-commands.ts';
import type { Ask, QueuePort } from './queue-port.ts';
import type { MessageEntry } from './serve-queues.ts';

/** Messages of the subscription that are on their way at the same time. */
const credit = 256;

/**
 * The queues at the end of a connection, whoever owns them: what was asked is asked again at the next owner, what was
 * said is said again. Both are safe to repeat: a claim is made anew, an answer goes by its claim.
 */
export class ClientPort implements QueuePort {
  readonly #client: ReconnectingClient;
  readonly #name: string;
  readonly #asked = new Map<number, { readonly ask: Ask; readonly deliver: (messages: readonly ClaimedMessage[]) => void }>();
  readonly #held = new Map<number, Receipt>();
  readonly #losers = new Set<(receipts: readonly Receipt[]) => void>();
  /** What belongs together, until all of it has come. */
  #gathered: MessageEntry[] = [];
  #subscription: OpenSubscription | undefined;
  #unwatch: (() => void) | undefined;
  #lastId = 0;

  /** @param name under which its claims are kept */
  constructor(client: ReconnectingClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  request(ask: Ask, deliver: (messages: readonly ClaimedMessage[]) => void): () => void {
    this.#follow();
    const id = ++this.#lastId;
    this.#asked.set(id, { ask, deliver });
    this.#claim(id, ask);
    return () => {
      if (this.#asked.delete(id)) this.#client.tell('unclaim', { id });
    };
  }

  async answer({ key, messageId, claim }: Receipt, outcome: Outcome): Promise<boolean> {
    const accepted = await this.#client.request('answer', { receipt: { key, messageId, claim }, outcome });
    if (outcome.type !== 'extend' && this.#held.get(key)?.claim === claim) this.#held.delete(key);
    return accepted === true;
  }

  async register(queue: string, instance: string): Promise<void> {
    await this.#client.request('register', { queue, instance });
  }

  watchLost(callback: (receipts: readonly Receipt[]) => void): () => void {
    this.#losers.add(callback);
    return () => this.#losers.delete(callback);
  }

  /** Leaves in good order: claims that are still held come back, and no interruption is counted. */
  leave(): void {
    this.#unwatch?.();
    this.#subscription?.close();
  }

  #claim(id: number, { queue, instance, max, leaseMs }: Ask): void {
    this.#client.tell('claim', { id, queue, instance, max, leaseMs });
  }

  /** Whoever only publishes holds no claims. */
  #follow(): void {
    if (this.#subscription) return;
    this.#unwatch = this.#client.onConnect(() => {
      for (const [id, { ask }] of this.#asked) this.#claim(id, ask);
    });
    this.#subscription = this.#client.follow({
      topic: 'messages', credit: () => credit, after: () => undefined,
      params: () => ({ client: this.#name, receipts: [...this.#held.values()] }),
    }, {
      snapshot: () => {
        // Of what was told before only what was whole counts; the rest comes back.
        this.#gathered = [];
        this.#subscription?.credit(1);
      },
      commit: ({ entries, more }) => {
        this.#subscription?.credit(1);
        this.#gathered.push(...(entries as MessageEntry[]));
        if (more) return;
        for (const entry of joinDeliveries(this.#gathered.splice(0))) {
          if (entry.type === 'deliver') this.#deliver(entry.id, entry.messages);
          else this.#lose(entry.receipts);
        }
      },
      ended: () => {},
    });
  }

  #deliver(id: number, messages: readonly ClaimedMessage[]): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    for (const { key, messageId, claim } of messages) this.#held.set(key, { key, messageId, claim });
    if (asked) return asked.deliver(messages);
    for (const receipt of messages) this.answer(receipt, { type: 'release' }).catch(() => {});
  }

  #lose(receipts: readonly Receipt[]): void {
    for (const { key, claim } of receipts) if (this.#held.get(key)?.claim === claim) this.#held.delete(key);
    for (const callback of this.#losers) callback(receipts);
  }
}

/** What was too long for one message came in several. */
function joinDeliveries(entries: readonly MessageEntry[]): readonly MessageEntry[] {
  if (entries.length < 2) return entries;
  const joined: MessageEntry[] = [];
  for (const entry of entries) {
    const last = joined.at(-1);
    if (entry.type === 'deliver' && last?.type === 'deliver' && last.id === entry.id) {
      joined[joined.length - 1] = { ...last, messages: [...last.messages, ...entry.messages] };
    } else {
      joined.push(entry);
    }
  }
  return joined;
}
