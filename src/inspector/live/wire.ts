import { signal, type ReadonlySignal } from '@preact/signals';
import type { FlowstoneClient } from '../../client/client-api.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';
import { getConnecting } from '../../runtime/runtime-client.ts';

/** What a topic tells. */
export interface Listener {
  readonly snapshot?: (data: unknown, cursor: string | null) => void;
  readonly commit?: (entries: readonly unknown[], cursor: string | null) => void;
  readonly volatile?: (data: unknown) => void;
  readonly ended?: (error: Error | undefined) => void;
}

/** The connection of the page, as far as it is of interest to people. */
export type WireState = 'connecting' | 'connected' | 'refused' | 'closed';

/** Commits that may be on their way to the page. */
const credit = 8;

/** The page's connection to whoever runs executions: methods and topics of the protocol. */
export class Wire {
  readonly #client: ReconnectingClient;
  readonly #state = signal<WireState>('connecting');

  constructor(client: FlowstoneClient) {
    this.#client = getConnecting(client);
    const note = ({ value }: { readonly value: string }): void => {
      this.#state.value = value === 'open' ? 'connected' : value === 'refused' ? 'refused' : value === 'closed' ? 'closed' : 'connecting';
    };
    client.connection.subscribe(note);
    note(client.connection.state);
  }

  get state(): ReadonlySignal<WireState> {
    return this.#state;
  }

  /** What this connection may do; nothing before it is there. */
  get scopes(): readonly string[] {
    return this.#client.connection?.welcome.scopes ?? [];
  }

  request(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    return this.#client.request(method, params);
  }

  /** Follows a topic, also over connections that come later. Returns what ends it. */
  follow(topic: string, params: Record<string, unknown>, listener: Listener, after: () => string | undefined = () => undefined): () => void {
    const subscription = this.#client.follow({ topic, params: () => params, after, credit: () => credit }, {
      snapshot: ({ data, cursor }) => {
        listener.snapshot?.(data, cursor);
        subscription.credit(1);
      },
      commit: ({ entries, cursor }) => {
        listener.commit?.(entries, cursor);
        subscription.credit(1);
      },
      volatile: ({ data }) => listener.volatile?.(data),
      ended: error => listener.ended?.(error),
    });
    return () => subscription.close();
  }
}
