import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';
import type { AnyReader, AnyStore } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import { systemRandom } from '../core/ids.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { Runtime, RuntimeOptions } from './api.ts';
import { createRuntime } from './create-runtime.ts';
import { runtimeKeys } from './known-options.ts';
import { requireCallOptions } from '../kinds/flows/check-arguments.ts';
import { Progress } from '../engine/progress.ts';
import { describeValue } from '../core/wording.ts';
import { consumerRunner, toConsumerParams } from '../kinds/queues/create-queues.ts';
import { ClientPort } from '../kinds/queues/client-port.ts';
import { createJoinedCare } from '../kinds/queues/joined-care.ts';
import type { ConsumeOptions, Consumer, HandlerWithSetup, MessageHandler, PublishOptions, QueueCare, QueueRuntime } from '../kinds/queues/queue-api.ts';
import { QueueCatalog } from '../kinds/queues/queue-catalog.ts';
import type { Published, PublishRequest } from '../kinds/queues/queue-commands.ts';
import { QueueConsumer } from '../kinds/queues/queue-consumer.ts';
import type { Queue } from '../kinds/queues/define-queue.ts';
import type { Carrier } from '../owner/carrier.ts';
import { ReconnectingClient } from '../owner/reconnecting-client.ts';
import type { RuntimeClient } from './client-api.ts';
import { connectThrough, createClientName } from './create-client.ts';
import { ConnectedClient } from './runtime-client.ts';
import { getSessions } from './sessions-of.ts';

export interface JoinOptions extends Omit<RuntimeOptions, 'store'> {
  /** Opens the store, to own it when nobody does. */
  readonly open: () => AnyStore;
  /** Opens the same store for reading, to find its owner. */
  readonly read: () => AnyReader;
  /** Longest wait for a connection to the owner, ms. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for an owner that can be reached at the beginning, ms. Default: as long as it takes. */
  readonly joinTimeoutMs?: number;
}

/** A store that several processes share: one owns it, the others work through that one. */
export interface JoinedRuntime extends QueueRuntime {
  /** `seeking`: the owner has gone, and no other has been found yet. */
  readonly role: 'owner' | 'guest' | 'seeking';
  /** The runtime, while this process owns the store. */
  readonly runtime: Runtime | undefined;
  /** Everything else that can be asked of the owner, whichever process it is: starts, signals, reads. Waits for one as long as it takes. */
  readonly client: RuntimeClient;
  /** Lets running handlers end, gives the rest back, and leaves. `timeoutMs` defaults to 10,000. */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

const releaseMs = 5_000;
const defaultConnectMs = 5_000;
/** Waits between two tries to begin anew after a failed commit, ms. */
const leastRestartMs = 500;
const mostRestartMs = 60_000;

/** `joinRuntime` of the package, once it is loaded. */
export async function joinRuntime(options: JoinOptions): Promise<JoinedRuntime> {
  const { open, read } = requireKnownKeys(options ?? {}, joinKeys, '`joinRuntime`');
  for (const [name, given] of Object.entries({ open, read })) {
    if (typeof given !== 'function') throw new FlowError('option_invalid', `Expected \`${name}\` of \`joinRuntime\` to be a function that opens the store, got ${describeValue(given)}`);
  }
  const membership = new Membership(options);
  await membership.begin();
  return membership;
}

const { store: _opened, ...ownKeys } = runtimeKeys;
const joinKeys: KeysOf<JoinOptions> = { ...ownKeys, open: true, read: true, connectTimeoutMs: true, joinTimeoutMs: true };

class Membership implements JoinedRuntime {
  readonly queues: QueueCare;
  readonly client: RuntimeClient;
  readonly #options: JoinOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #catalog: QueueCatalog;
  readonly #connecting: ReconnectingClient;
  readonly #port: ClientPort;
  readonly #progress: Progress;
  readonly #consumers = new Set<QueueConsumer>();
  #runtime: Runtime | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: JoinOptions) {
    const { clock = systemClock, logger = silentLogger, random = systemRandom, maxOutputBytes = 4 * 1_024 * 1_024, connectTimeoutMs = defaultConnectMs } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#progress = new Progress(clock);
    this.#catalog = new QueueCatalog(options, { clock, maxOutputBytes, environment: process.env });
    this.#connecting = new ReconnectingClient({ open: () => this.#open(), clock, random, logger, connection: { clock, timeoutMs: connectTimeoutMs } });
    // Under one name, whoever owns the store.
    const name = createClientName(clock.now());
    this.#port = new ClientPort(this.#connecting, name);
    this.client = new ConnectedClient(this.#connecting, clock, name, this.#port);
    this.queues = createJoinedCare({ read: () => openReader(options.read()), clock, names: () => this.#catalog.names, client: this.#connecting });
  }

  get role(): JoinedRuntime['role'] {
    return this.#runtime ? 'owner' : this.#connecting.connection ? 'guest' : 'seeking';
  }

  get runtime(): Runtime | undefined {
    return this.#runtime;
  }

  begin(): Promise<void> {
    return this.#connecting.begin(this.#options.joinTimeoutMs);
  }

  async publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}): Promise<Published> {
    const [published] = await this.#enqueue([this.#catalog.toRequest(queue, payload, options)]);
    return published as Published;
  }

  async publishMany<Given>(queue: Queue<unknown, string, Given> | string, messages: readonly ({ readonly payload: NoInfer<Given> } & PublishOptions)[]): Promise<readonly Published[]> {
    return this.#enqueue(messages.map(({ payload, ...options }) => this.#catalog.toRequest(queue, payload, options)));
  }

  async #enqueue(requests: readonly PublishRequest[]): Promise<readonly Published[]> {
    return (await this.#connecting.request('enqueue', { requests })) as readonly Published[];
  }

  readonly consume = ((queue: Queue | string, handler: MessageHandler<never> | HandlerWithSetup<never, never>, options?: ConsumeOptions) =>
    this.#consume(queue, handler, options)) as unknown as QueueRuntime['consume'];

  async #consume(queue: Queue | string, handler: MessageHandler<never> | HandlerWithSetup<never, never>, options: ConsumeOptions = {}): Promise<Consumer> {
    const { random = systemRandom } = this.#options;
    const consumer = new QueueConsumer(toConsumerParams(this.#catalog.resolve(queue), handler, options), {
      clock: this.#clock, random, logger: this.#logger, port: this.#port, machine: consumerRunner,
      progressed: () => this.#progress.note(), toRequest: (target, payload, more) => this.#catalog.toRequest(target, payload, more),
    });
    this.#consumers.add(consumer);
    consumer.begin();
    const stop = async (): Promise<void> => {
      await consumer.stop();
      this.#consumers.delete(consumer);
    };
    return {
      queue: consumer.queue,
      get status() {
        return consumer.status;
      },
      get running() {
        return consumer.running;
      },
      stop,
    };
  }

  // finding the owner, or being it

  /** Connects to this process's own runtime, or to that of whoever owns the store. */
  async #open(): Promise<Carrier> {
    const { read, connectTimeoutMs = defaultConnectMs } = this.#options;
    const runtime = this.#runtime ?? (await this.#own());
    if (!runtime) return connectThrough(read, this.#clock, connectTimeoutMs);
    await this.#restart(runtime);
    return getSessions(runtime).connect();
  }

  /** @returns undefined: somebody else owns the store */
  async #own(): Promise<Runtime | undefined> {
    const { open, read: _read, connectTimeoutMs: _timeout, joinTimeoutMs: _join, ...rest } = this.#options;
    const store = open();
    try {
      this.#runtime = await createRuntime({ ...rest, store });
    } catch (error) {
      await store.close();
      if (isFlowError(error, 'store_owned')) return undefined;
      throw error;
    }
    // It has stopped meanwhile: nobody else would ever end it.
    if (this.#stopping) await this.#runtime.stop({ timeoutMs: 0 });
    return this.#runtime;
  }

  /** After a failed commit: goes on when the cause is gone. */
  async #restart(runtime: Runtime): Promise<void> {
    for (let waitMs = leastRestartMs; !this.#stopping && runtime.health().status === 'faulted'; waitMs = Math.min(waitMs * 2, mostRestartMs)) {
      await new Promise<void>(resolve => void this.#clock.setTimer(resolve, waitMs));
      if (this.#stopping) return;
      await runtime.restart().catch(error => this.#logger.error({ err: error }, 'the runtime could not be begun again; it is tried again'));
    }
  }

  async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { timeoutMs = 10_000 } = requireCallOptions('runtime.stop', options);
    return (this.#stopping ??= this.#stop(timeoutMs));
  }

  async #stop(timeoutMs: number): Promise<void> {
    const isIdle = (): boolean => [...this.#consumers].every(({ idle }) => idle);
    for (const consumer of this.#consumers) consumer.drain();
    await this.#progress.waitFor(isIdle, timeoutMs);
    for (const consumer of this.#consumers) consumer.release();
    await this.#progress.waitFor(isIdle, releaseMs);
    this.#port.leave();
    this.#connecting.close(new FlowError('runtime_stopped', 'The process has left the queues'));
    await this.#runtime?.stop({ timeoutMs });
  }
}
