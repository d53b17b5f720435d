import { FlowError } from '../../core/errors.ts';
import type { Following, Peer, Told } from '../../owner/method.ts';
import type { OwnerConnection } from '../../owner/owner-connection.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';

/** Messages of the owner that are on their way, or wait to be told on, at the same time. */
const credit = 16;

/**
 * Connections to the owner, one for each client that claims or debugs: what it holds is the connection's, and ends with it.
 *
 * One that breaks is not made anew here: only the client knows what it still works on. It is told as of an owner that has gone, and comes
 * back by itself.
 */
export class OwnerLines {
  readonly #owner: ReconnectingClient;
  readonly #lines = new WeakMap<Peer, Promise<OwnerConnection>>();

  constructor(owner: ReconnectingClient) {
    this.#owner = owner;
  }

  async request(peer: Peer, method: string, params: Record<string, unknown>, key: string | undefined, again: boolean): Promise<unknown> {
    return (await this.#of(peer)).request(method, params, { key, again });
  }

  /** Tells on what the owner tells of a topic. */
  async *follow(topic: string, params: Record<string, unknown>, { peer, signal, isLeft }: Following): AsyncGenerator<Told> {
    const line = await this.#of(peer);
    const waiting: Told[] = [];
    let failure: FlowError | undefined;
    let wake = (): void => {};
    const push = (told: Told): void => {
      waiting.push(told);
      wake();
    };
    const subscription = line.subscribe(topic, { params, credit }, {
      snapshot: ({ data }) => push({ type: 'snapshot', cursor: null, data }),
      commit: ({ entries, more }) => push({ type: 'commit', cursor: null, entries, ...(more && { more }) }),
      volatile: ({ data }) => {
        if (waiting.length < credit) push({ type: 'volatile', data });
      },
      ended: error => {
        failure = error;
        wake();
      },
    });
    const leave = (): void => wake();
    signal.addEventListener('abort', leave, { once: true });
    try {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next) {
          yield next;
          if (next.type !== 'volatile') subscription.credit(1);
        } else if (failure) throw failure;
        else await new Promise<void>(resolve => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', leave);
      // A client whose connection was lost may come back, and work on with what it has claimed.
      if (isLeft()) subscription.close();
    }
  }

  #of(peer: Peer): Promise<OwnerConnection> {
    const { closed } = peer;
    if (closed?.aborted) throw new FlowError('client_closed', 'Expected a client that is connected');
    let line = this.#lines.get(peer);
    if (!line) {
      line = this.#owner.openApart();
      this.#lines.set(peer, line);
      line.then(opened => {
        opened.onEnd(() => this.#lines.delete(peer));
        if (closed?.aborted) opened.close();
        else closed?.addEventListener('abort', () => opened.close(), { once: true });
      }, () => this.#lines.delete(peer));
    }
    return line;
  }
}
