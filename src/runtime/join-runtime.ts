import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';
import type { AnyReader, AnyStore } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import { createExecutionId, systemRandom } from '../core/ids.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { Runtime, RuntimeOptions } from './api.ts';
import { createRuntime } from './create-runtime.ts';
import { runtimeKeys } from './known-options.ts';
import { requireCallOptions } from '../kinds/flows/call-options.ts';
import { Progress } from '../engine/progress.ts';
import { describeValue } from '../core/wording.ts';
import { consumerRunner, getQueues, toConsumerParams } from '../kinds/queues/create-queues.ts';
import { GuestLine } from '../kinds/queues/guest-line.ts';
import { createJoinedCare } from '../kinds/queues/joined-care.ts';
import { createGuestStation, createLocalStation } from '../kinds/queues/stations.ts';
import type { ConsumeOptions, Consumer, HandlerWithSetup, MessageHandler, PublishOptions, QueueCare, QueueRuntime } from '../kinds/queues/queue-api.ts';
import { QueueCatalog } from '../kinds/queues/queue-catalog.ts';
import type { Published } from '../kinds/queues/queue-commands.ts';
import { QueueConsumer } from '../kinds/queues/queue-consumer.ts';
import type { Queue } from '../kinds/queues/define-queue.ts';
import { RoamingPort } from '../kinds/queues/roaming-port.ts';

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

/** The queues of a store that several processes share: one owns it, the others work through that one. */
export interface JoinedRuntime extends QueueRuntime {
  /** `seeking`: the owner has gone, and no other has been found yet. */
  readonly role: 'owner' | 'guest' | 'seeking';
  /** The runtime, while this process owns the store. */
  readonly runtime: Runtime | undefined;
  /** Lets running handlers end, gives the rest back, and leaves. `timeoutMs` defaults to 10,000. */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** Waits between two looks for an owner, ms. */
const leastWaitMs = 10;
const mostWaitMs = 500;
const releaseMs = 5_000;

/** `joinRuntime` of the package, once it is loaded. */
export async function joinRuntime(options: JoinOptions): Promise<JoinedRuntime> {
  const { open, read } = requireKnownKeys(options ?? {}, joinKeys, '`joinRuntime`');
  for (const [name, given] of Object.entries({ open, read })) {
    if (typeof given !== 'function') throw new FlowError('option_invalid', `Expected \`${name}\` of \`joinRuntime\` to be a function that opens the store, got ${describeValue(given)}`);
  }
  const membership = new Membership(options);
  await membership.seek(true);
  return membership;
}

const { store: _opened, ...ownKeys } = runtimeKeys;
const joinKeys: KeysOf<JoinOptions> = { ...ownKeys, open: true, read: true, connectTimeoutMs: true, joinTimeoutMs: true };

class Membership implements JoinedRuntime {
  readonly queues: QueueCare;
  readonly #options: JoinOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #catalog: QueueCatalog;
  readonly #port = new RoamingPort();
  readonly #progress: Progress;
  readonly #consumers = new Set<QueueConsumer>();
  /** Under which its claims are kept, whoever owns the store. */
  readonly #name: string;
  #line: GuestLine | undefined;
  #runtime: Runtime | undefined;
  #stopping: Promise<void> | undefined;
  #seeking = false;

  constructor(options: JoinOptions) {
    const { clock = systemClock, logger = silentLogger, maxOutputBytes = 4 * 1_024 * 1_024 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#progress = new Progress(clock);
    this.#name = `guest:${process.pid}-${createExecutionId(clock.now())}`;
    this.#catalog = new QueueCatalog(options, { clock, maxOutputBytes, environment: process.env });
    this.queues = createJoinedCare({ read: () => openReader(options.read()), clock, names: () => this.#catalog.names, port: this.#port });
  }

  get role(): JoinedRuntime['role'] {
    return this.#runtime ? 'owner' : this.#line ? 'guest' : 'seeking';
  }

  get runtime(): Runtime | undefined {
    return this.#runtime;
  }

  async publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}): Promise<Published> {
    const [published] = await this.#port.publish([this.#catalog.toRequest(queue, payload, options)]);
    return published as Published;
  }

  async publishMany<Given>(queue: Queue<unknown, string, Given> | string, messages: readonly ({ readonly payload: NoInfer<Given> } & PublishOptions)[]): Promise<readonly Published[]> {
    return this.#port.publish(messages.map(({ payload, ...options }) => this.#catalog.toRequest(queue, payload, options)));
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

  /** @param isFirst what cannot be helped by waiting is thrown; later it is logged, and tried again */
  async seek(isFirst = false): Promise<void> {
    if (this.#seeking) return;
    this.#seeking = true;
    const { joinTimeoutMs = Number.POSITIVE_INFINITY } = this.#options;
    const begin = this.#clock.now();
    try {
      for (let waitMs = leastWaitMs; !this.#stopping; waitMs = Math.min(waitMs * 1.5, mostWaitMs)) {
        try {
          return await ((await this.#own()) ? undefined : this.#connect());
        } catch (error) {
          if (isFirst && this.#clock.now() - begin >= joinTimeoutMs) throw error;
          if (!isFlowError(error, 'owner_unreachable') && !isFlowError(error, 'owner_silent')) {
            if (isFirst) throw error;
            this.#logger.error({ err: error }, 'the store could not be joined; it is tried again');
          }
          const { random = systemRandom } = this.#options;
          await new Promise<void>(resolve => this.#clock.setTimer(resolve, Math.ceil(waitMs * (0.5 + random.next() / 2))));
        }
      }
    } finally {
      this.#seeking = false;
    }
  }

  /** @returns false: somebody else owns the store */
  async #own(): Promise<boolean> {
    const { open, read: _read, connectTimeoutMs: _timeout, joinTimeoutMs: _join, ...rest } = this.#options;
    const store = open();
    let runtime: Runtime;
    try {
      runtime = await createRuntime({ ...rest, store });
    } catch (error) {
      await store.close();
      if (isFlowError(error, 'store_owned')) return false;
      throw error;
    }
    this.#runtime = runtime;
    const queues = getQueues(runtime);
    const { station, link } = createLocalStation(queues, this.#name, this.#port);
    queues.participant.add({
      idle: true,
      begin: () => {
        queues.participant.send({ type: 'attach', link, receipts: this.#port.receipts }).then(
          () => this.#port.move(station),
          error => this.#logger.debug({ err: error }, 'the queues could not be joined'),
        );
      },
      drain: () => {},
      release: () => {},
      end: () => {
        this.#port.move(undefined);
        if (!this.#stopping) void this.#restart(runtime);
      },
    });
    return true;
  }

  /** A commit failed: goes on when the cause is gone. */
  async #restart(runtime: Runtime): Promise<void> {
    for (let waitMs = mostWaitMs; !this.#stopping && runtime.health().status !== 'running'; waitMs = Math.min(waitMs * 2, 60_000)) {
      await new Promise<void>(resolve => this.#clock.setTimer(resolve, waitMs));
      if (this.#stopping) return;
      await runtime.restart().catch(error => this.#logger.error({ err: error }, 'the runtime could not be begun again; it is tried again'));
    }
  }

  async #connect(): Promise<void> {
    const { read, connectTimeoutMs = 5_000 } = this.#options;
    const reader = openReader(read());
    const owner = await reader.getOwner();
    await reader.close();
    if (!owner?.socket) throw new FlowError('owner_unreachable', 'Expected an owner of the store that other processes can reach, found none. It may have just stopped, or does not listen');
    let line: GuestLine | undefined;
    line = await GuestLine.open({ address: owner.socket, client: this.#name, receipts: this.#port.receipts, clock: this.#clock, timeoutMs: connectTimeoutMs }, {
      deliver: (id, messages) => this.#port.deliver(id, messages),
      lose: receipts => this.#port.lose(receipts),
      closed: () => {
        // One that ends before it is open is no line yet; whoever opens it is told.
        if (line === undefined || this.#line !== line) return;
        this.#line = undefined;
        this.#port.move(undefined);
        if (!this.#stopping) void this.seek();
      },
    });
    this.#line = line;
    this.#port.move(createGuestStation(line));
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
    this.#port.close(new FlowError('runtime_stopped', 'The process has left the queues'));
    await this.#line?.send({ type: 'leave' }).catch(() => undefined);
    this.#line?.close();
    await this.#runtime?.stop({ timeoutMs });
  }
}
