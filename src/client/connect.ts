import { systemClock } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import { createExecutionId, systemRandom } from '../core/ids.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import type { Carrier } from '../owner/carrier.ts';
import type { ConnectionSnapshot } from '../owner/reconnecting-client.ts';
import { ReconnectingClient } from '../owner/reconnecting-client.ts';
import { clientWaitKeys, resolveClientWaits } from '../runtime/client-waits.ts';
import { FollowedPages } from '../runtime/followed-pages.ts';
import { ConnectedClient } from '../runtime/runtime-client.ts';
import type { AnswerOf } from './answers.ts';
import { CachedReads } from './cached-reads.ts';
import type { ConnectionState, ConnectionView, ConnectOptions, DataOf, EntryOf, FlowstoneClient, FollowTopicOptions, FollowUpdate } from './client-api.ts';
import { parseTopic } from './topics.ts';
import { connectWebSocket } from './web-socket-carrier.ts';

/** Where the server takes WebSockets. */
const livePath = '/api/v1/live';
/** Of a server that was restarted all clients come back: not at once. */
const waits = { leastWaitMs: 250, mostWaitMs: 15_000, growth: 2 };
const connectKeys: KeysOf<ConnectOptions> = { token: true, ...clientWaitKeys };

/**
 * Connects to a server of Flowstone, from a browser or from Node.js. It connects at once, and again whenever the connection is lost.
 *
 * @example
 * ```ts
 * import { connect } from 'flowstone/client';
 *
 * const flowstone = connect('http://127.0.0.1:4600', { token: process.env['FLOWSTONE_TOKEN'] ?? '' });
 * const { executionId } = await flowstone.start('hello', { input: { name: 'Ada' } });
 * for await (const { data, entries } of flowstone.follow(`execution:${executionId}`)) console.log(data?.execution.status, entries);
 * flowstone.close();
 * ```
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function connect(url: string, options: ConnectOptions = {}): FlowstoneClient {
  const { token, ...waited } = requireKnownKeys(options, connectKeys, '`connect`');
  const { timeoutMs, connectTimeoutMs, logger } = resolveClientWaits(waited);
  const base = requireUrl(url);
  const readToken = async (): Promise<string | undefined> => (typeof token === 'function' ? token() : token);
  const clock = systemClock;
  const client = new ReconnectingClient({
    open: () => connectWebSocket(`${base.replace(/^http/, 'ws')}${livePath}`, clock, connectTimeoutMs),
    clock, logger, random: systemRandom, connection: { clock, timeoutMs: connectTimeoutMs }, token: readToken, waits,
    givesUp: error => isFlowError(error) && error.details?.['retryAfterMs'] === null, timeoutMs,
  });
  client.seek();
  return new ServerClient(client, new CachedReads({ url: base, token: readToken }));
}

/**
 * Makes a client of whatever opens a connection: a window's port, a pipe. It has no server to read over HTTP.
 *
 * @param open called at each connection
 * @param timeoutMs longest wait for a connection and an answer, ms. Default 30,000; `Infinity`: as long as it takes
 */
export function connectOver(open: () => Promise<Carrier>, options: Pick<ConnectOptions, 'timeoutMs'> = {}): FlowstoneClient {
  const clock = systemClock;
  const { timeoutMs, logger } = resolveClientWaits(options);
  const client = new ReconnectingClient({ open, clock, random: systemRandom, logger, connection: { clock }, timeoutMs });
  client.seek();
  return new ServerClient(client);
}

/** The address of the server, without a slash at the end. */
function requireUrl(url: string): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol) && parsed.search === '' && parsed.username === '') return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '');
  throw new FlowError('option_invalid', `Expected the address of a server such as \`http://127.0.0.1:4600\`, without a token in it, got ${describeValue(url)}`);
}

class ServerClient extends ConnectedClient implements FlowstoneClient {
  readonly connection: ConnectionView;
  readonly #client: ReconnectingClient;
  readonly #reads: CachedReads | undefined;

  constructor(client: ReconnectingClient, reads?: CachedReads) {
    super(client, systemClock, `guest:${createExecutionId(systemClock.now())}`);
    this.#client = client;
    this.#reads = reads;
    this.connection = createView(client);
  }

  async *follow<Topic extends string>(text: Topic, { after, signal }: FollowTopicOptions = {}): AsyncGenerator<FollowUpdate<DataOf<Topic>, EntryOf<Topic>>, void, undefined> {
    const pages = new FollowedPages<EntryOf<Topic>>(this.#client, { ...parseTopic(text), after, signal });
    try {
      yield* pages.read() as AsyncGenerator<FollowUpdate<DataOf<Topic>, EntryOf<Topic>>, void, undefined>;
    } catch (error) {
      // There is nothing more to tell: of an execution that has settled.
      if (!isFlowError(error, 'topic_ended')) throw error;
    }
  }

  async read<Path extends string>(path: Path, { signal }: { readonly signal?: AbortSignal } = {}): Promise<AnswerOf<Path>> {
    if (this.#reads) return (await this.#reads.read(path, signal)) as AnswerOf<Path>;
    throw new FlowError('method_unknown', `Expected a client of a server to read \`${path}\`, this one has a connection alone. Ask with \`get\`, \`list\` or \`follow\``);
  }
}

const toState = ({ value, context: { waitMs, code, connections } }: ConnectionSnapshot): ConnectionState => ({ value: value as ConnectionState['value'], waitMs, code, connections });

function createView(client: ReconnectingClient): ConnectionView {
  let state = toState(client.snapshot);
  const listeners = new Set<(state: ConnectionState) => void>();
  client.watch(snapshot => {
    state = toState(snapshot);
    for (const listener of listeners) listener(state);
  });
  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry: () => client.seek(),
  };
}
