import { FlowError } from '../../core/errors.ts';
import type { NamedRequest } from '../../engine/kind.ts';
import type { Call, Following, Peer, Service, Told } from '../../owner/method.ts';
import { serveMethods } from '../../owner/method.ts';
import { queueMethods } from '../../owner/queue-methods.ts';
import type { PublishOptions } from './queue-api.ts';
import type { ClaimedMessage, Link, Published, PublishRequest, QueueCommand, Receipt } from './queue-commands.ts';

/** What a client that handles messages is told. */
export type MessageEntry =
  | { readonly type: 'deliver'; readonly id: number; readonly messages: readonly ClaimedMessage[] }
  | { readonly type: 'lose'; readonly receipts: readonly Receipt[] };

export interface ServedQueues {
  readonly send: (command: QueueCommand, request?: NamedRequest) => Promise<unknown>;
  /** Does a request once, however often it is sent. */
  readonly once: (method: string, call: Call, work: (request?: NamedRequest) => Promise<unknown>) => Promise<unknown>;
  /** As `send`, when nobody waits for the answer. */
  readonly tell: (command: QueueCommand) => void;
  readonly toRequest: (queue: string, payload: unknown, options: PublishOptions) => PublishRequest;
  /** Ends what waits for an instance that is gone for good. */
  readonly forget: (queue: string, instance: string) => Promise<void>;
  /** Deletes settled messages. */
  readonly purge: (queue: string, status: 'dead' | 'completed') => Promise<number>;
}

/** Payloads told in one message, characters. */
const maxToldLength = 16 * 1_024 * 1_024;

/** Lets clients at the queues of this process. */
export class QueueService {
  readonly methods: Service['methods'];
  readonly #queues: ServedQueues;
  readonly #links = new WeakMap<Peer, ClientLink>();

  constructor(queues: ServedQueues) {
    const { send, once, toRequest, purge, forget } = queues;
    this.#queues = queues;
    this.methods = serveMethods(queueMethods, {
      publish: ({ queue, messages }, call) => {
        const requests = messages.map(({ messageId, payload, ...options }) => ({ ...toRequest(queue, payload, options), messageId }));
        return once('publish', call, request => send({ type: 'publish', requests }, request));
      },
      enqueue: async ({ requests }, { again }) => {
        if (!again) return send({ type: 'publish', requests });
        const answers = (await send({ type: 'publish', requests: requests.map(request => ({ ...request, relayed: true })) })) as readonly Published[];
        // What was found by its own id is what the first try has stored: no duplicate of another.
        return answers.map((answer, index) => (answer.duplicate && answer.messageId === requests[index]?.messageId ? { ...answer, duplicate: false, copies: 1 } : answer));
      },
      claim: (ask, { peer }) => send({ type: 'claim', request: { ...ask, link: this.#require(peer) } }),
      unclaim: ({ id }, { peer }) => send({ type: 'unclaim', link: this.#require(peer), id }),
      answer: ({ receipt, outcome }, { peer }) => send({ type: 'answer', by: this.#links.get(peer)?.name ?? 'guest:unknown', receipt, outcome }),
      register: ({ queue, instance }) => send({ type: 'register', queue, instance }),
      forget: ({ queue, instance }) => forget(queue, instance),
      redrive: ({ queue, messageId, limit }, call) => once('redrive', call, request => send({ type: 'redrive', queue, limit, ...(messageId !== undefined && { messageId }) }, request)),
      purge: ({ queue, status }) => purge(queue, status),
    });
  }

  #require(peer: Peer): ClientLink {
    const link = this.#links.get(peer);
    if (link) return link;
    throw new FlowError('request_invalid', 'Expected a subscription to `messages` before anything is claimed');
  }

  /** The topic `messages`: a client at the queues, for as long as it follows. */
  async *follow({ client, receipts }: { readonly client: string; readonly receipts: readonly Receipt[] }, { peer, signal, isLeft }: Following): AsyncGenerator<Told> {
    const { send, tell } = this.#queues;
    const link = new ClientLink(client);
    this.#links.set(peer, link);
    signal.addEventListener('abort', () => link.wake(), { once: true });
    try {
      await send({ type: 'attach', link, receipts });
      yield { type: 'snapshot', cursor: null };
      while (!signal.aborted) {
        for (const told of link.take()) yield told;
        if (link.isEmpty && !signal.aborted) await link.wait();
      }
    } finally {
      if (this.#links.get(peer) === link) this.#links.delete(peer);
      tell({ type: 'hangUp', link, released: isLeft() });
    }
  }
}

/** A client as the queues see it: it holds claims, and is told of them when it takes. */
class ClientLink implements Link {
  readonly name: string;
  #entries: MessageEntry[] = [];
  #more: (() => void) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  deliver(id: number, messages: readonly ClaimedMessage[]): void {
    this.#push({ type: 'deliver', id, messages });
  }

  lose(receipts: readonly Receipt[]): void {
    this.#push({ type: 'lose', receipts });
  }

  #push(entry: MessageEntry): void {
    this.#entries.push(entry);
    this.wake();
  }

  wake(): void {
    this.#more?.();
    this.#more = undefined;
  }

  wait(): Promise<void> {
    return new Promise(resolve => (this.#more = resolve));
  }

  /** Everything there is to tell: in one message, unless that were too long. */
  *take(): Generator<Told> {
    let entries: MessageEntry[] = [];
    let length = 0;
    for (const entry of this.#entries.splice(0)) {
      if (entry.type === 'lose') {
        entries.push(entry);
        continue;
      }
      let messages: ClaimedMessage[] = [];
      for (const message of entry.messages) {
        length += message.payload.length;
        if (length > maxToldLength && (messages.length > 0 || entries.length > 0)) {
          yield { type: 'commit', cursor: null, entries: [...entries, { ...entry, messages }], more: true };
          entries = [];
          messages = [];
          length = message.payload.length;
        }
        messages.push(message);
      }
      entries.push({ ...entry, messages });
    }
    if (entries.length > 0) yield { type: 'commit', cursor: null, entries };
  }
}
