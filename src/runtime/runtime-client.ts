import type { StatsOptions } from '../catalog/read-stats.ts';
import type { GroupStats } from '../catalog/compute-stats.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { createExecutionId } from '../core/ids.ts';
import { encodeJson } from '../core/json.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { FeedEntry } from '../engine/feed/feed-entry.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import { requireCallOptions } from '../kinds/flows/check-arguments.ts';
import type { ExecutionDetails, ResumeOptions, RetryOptions, SettledExecution, SignalOptions, StartOptions } from '../kinds/flows/execution-api.ts';
import { toSettled } from '../kinds/flows/queries.ts';
import { ClientPort } from '../kinds/queues/client-port.ts';
import { redrive } from '../kinds/queues/joined-care.ts';
import type { PublishOptions } from '../kinds/queues/queue-api.ts';
import type { ClaimedMessage, Outcome, Published, Receipt } from '../kinds/queues/queue-commands.ts';
import { FollowedPages } from './followed-pages.ts';
import type { ReconnectingClient } from '../owner/reconnecting-client.ts';
import type { ClaimOptions, ExecutionPage, ListPageOptions, RuntimeClient, UpsertedFlow } from './client-api.ts';

const defaultLeaseMs = 30_000;
const defaultPruneLimit = 1_000;
/** States in which an execution has settled. */
const settledStates: ReadonlySet<string | null> = new Set(['scored', 'failed']);

/** What JSON makes of a value; refuses what it would lose. */
const toJson = (value: unknown, name: string): unknown => (value === undefined ? undefined : (JSON.parse(encodeJson(value, { name })) as unknown));

/** Leaves out what is undefined. */
const compact = (params: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));

const connections = new WeakMap<object, ReconnectingClient>();

/** What is below a client, for what passes on what others ask. */
export function getConnecting(client: RuntimeClient): ReconnectingClient {
  const found = connections.get(client);
  if (!found) throw new TypeError('Expected a client made with createClient');
  return found;
}

/** The one interface, over a connection of any kind. */
export class ConnectedClient implements RuntimeClient {
  readonly #client: ReconnectingClient;
  readonly #clock: Clock;
  readonly #name: string;
  #port: ClientPort | undefined;

  /**
   * @param name under which its claims are kept
   * @param port at which they are made; default: one of its own, when it is needed
   */
  constructor(client: ReconnectingClient, clock: Clock, name: string, port?: ClientPort) {
    this.#client = client;
    connections.set(this, client);
    this.#clock = clock;
    this.#name = name;
    this.#port = port;
  }

  async start(flow: string | FlowDefinition, options: StartOptions = {}): Promise<{ readonly executionId: string; readonly created: boolean }> {
    const { input, ...rest } = requireCallOptions('runtime.start', options);
    const flowId = typeof flow === 'object' && flow !== null ? flow.id : flow;
    return (await this.#ask('start', { flowId, input: toJson(input, 'input'), ...rest })) as { readonly executionId: string; readonly created: boolean };
  }

  async get(executionId: string, options: { readonly generation?: number; readonly items?: boolean } = {}): Promise<ExecutionDetails> {
    return (await this.#ask('get', { executionId, ...requireCallOptions('execution.get', options) })) as ExecutionDetails;
  }

  async list(options: ListPageOptions = {}): Promise<ExecutionPage> {
    return (await this.#ask('list', { ...requireCallOptions('client.list', options) })) as ExecutionPage;
  }

  async settled(executionId: string): Promise<SettledExecution> {
    const ending = new AbortController();
    try {
      // Followed before it is looked at: what happens in between is told.
      for await (const { entries } of this.feed({ topics: [`flow:${executionId}`], signal: ending.signal })) {
        if (entries.length > 0 && !entries.some(({ state }) => settledStates.has(state))) continue;
        const details = await this.get(executionId);
        if (details.settledAt !== null) return toSettled(details);
      }
      throw createClosed();
    } finally {
      ending.abort();
    }
  }

  async signal(executionId: string, name: string, payload: unknown = null, options: SignalOptions = {}): Promise<void> {
    await this.#ask('signal', { executionId, name, payload: toJson(payload, 'payload'), ...requireCallOptions('runtime.signal', options) });
  }

  async cancel(executionId: string, message?: string): Promise<boolean> {
    return (await this.#ask('cancel', { executionId, message })) === true;
  }

  async retry(executionId: string, options: RetryOptions = {}): Promise<number> {
    const { step, steps = [], ...rest } = requireCallOptions('runtime.retry', options);
    return Number(await this.#ask('retry', { executionId, steps: step === undefined ? steps : [step, ...steps], ...rest }));
  }

  async resume(executionId: string, options: ResumeOptions = {}): Promise<void> {
    await this.#ask('resume', { executionId, ...requireCallOptions('runtime.resume', options) });
  }

  async delete(executionIds: string | readonly string[]): Promise<number> {
    return Number(await this.#ask('delete', { executionIds: typeof executionIds === 'string' ? [executionIds] : executionIds }));
  }

  async prune(settledBefore: number, limit = defaultPruneLimit): Promise<number> {
    return Number(await this.#ask('prune', { settledBefore, limit }));
  }

  async publish(queue: string, payload: unknown, options: PublishOptions = {}): Promise<Published> {
    const [published] = await this.publishMany(queue, [{ payload, ...options }]);
    return published as Published;
  }

  async publishMany(queue: string, messages: readonly ({ readonly payload: unknown } & PublishOptions)[]): Promise<readonly Published[]> {
    const now = this.#clock.now();
    // Named here: published again after the owner's death, it is the same message.
    const named = messages.map(({ payload, ...options }) => ({ messageId: createExecutionId(now), payload: toJson(payload, 'payload') ?? null, ...options }));
    return (await this.#ask('publish', { queue, messages: named })) as readonly Published[];
  }

  claim(queue: string, { max = 1, leaseMs = defaultLeaseMs, instance, signal }: ClaimOptions = {}): Promise<readonly ClaimedMessage[]> {
    this.#port ??= new ClientPort(this.#client, this.#name);
    const port = this.#port;
    return new Promise(resolve => {
      if (signal?.aborted) return resolve([]);
      const give = (messages: readonly ClaimedMessage[]): void => {
        signal?.removeEventListener('abort', stop);
        resolve(messages);
      };
      const unrequest = port.request({ queue, instance: instance ?? null, max, leaseMs }, give);
      const stop = (): void => {
        unrequest();
        resolve([]);
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  answer(message: Receipt, outcome: Outcome): Promise<boolean> {
    this.#port ??= new ClientPort(this.#client, this.#name);
    return this.#port.answer(message, outcome);
  }

  redrive(queue: string, messageId?: string): Promise<number> {
    return redrive(this.#client, queue, messageId);
  }

  async purge(queue: string, status: 'dead' | 'completed' = 'dead'): Promise<number> {
    return Number(await this.#ask('purge', { queue, status }));
  }

  async send(address: string, event: { readonly type: string }): Promise<boolean> {
    return (await this.#ask('send', { address, event: toJson(event, 'event') })) === true;
  }

  async stop(address: string): Promise<boolean> {
    return (await this.#ask('stop', { address })) === true;
  }

  async upsert(flows: readonly { readonly text: string; readonly file?: string }[]): Promise<readonly UpsertedFlow[]> {
    return (await this.#ask('upsert', { flows })) as readonly UpsertedFlow[];
  }

  async *feed(options: FeedOptions = {}): AsyncGenerator<FeedPage, void, undefined> {
    const { signal, topics, after } = requireCallOptions('runtime.feed', options);
    const pages = new FollowedPages<FeedEntry>(this.#client, { topic: 'feed', params: topics ? { topics } : {}, after, signal });
    yield* pages.read();
  }

  async stats(options: StatsOptions = {}): Promise<readonly GroupStats[]> {
    return (await this.#ask('stats', { ...options })) as readonly GroupStats[];
  }

  close(): void {
    this.#port?.leave();
    this.#client.close(createClosed());
  }

  #ask(method: string, params: Record<string, unknown>): Promise<unknown> {
    return this.#client.request(method, compact(params));
  }
}

const createClosed = (): FlowError => new FlowError('client_closed', 'Expected a client that is open, this one was closed');
