import { isAbsolute } from 'node:path';
import type { Logger } from '../../core/logger.ts';
import { consumerMachine } from '../../../machines/consumer.ts';
import { messageMachine } from '../../../machines/message.ts';
import type { Records } from '../../../persistence/store.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import type { Random } from '../../core/ids.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue } from '../../core/wording.ts';
import { compileMachine } from '../../core/machine-runner.ts';
import type { Envelope } from '../../engine/kind.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import { requireInstance, QueueCatalog } from './queue-catalog.ts';
import type { Queue } from './define-queue.ts';
import { toMessageDetails, toOutboxMessage } from './message-details.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { QueueAlerts } from './queue-alerts.ts';
import type { ConsumeOptions, Consumer, HandlerWithSetup, MessageHandler, PublishOptions, QueueAlertThresholds, QueueCare, QueueRuntime, QueueRuntimeOptions } from './queue-api.ts';
import type { MessageRunner } from './queue-rules.ts';
import type { Published, PublishRequest, StepWait } from './queue-commands.ts';
import type { ConsumerRunner } from './queue-consumer.ts';
import { QueueConsumer } from './queue-consumer.ts';
import { readOldestAt } from './oldest-message.ts';
import { localPrefix, QueueParticipant } from './queue-participant.ts';
import { LocalPort } from './queue-port.ts';
import { pruneAll, QueueRetention } from './queue-retention.ts';
import { readQueueStats } from './queue-stats.ts';
import { readOutboxLimit, readPeek } from './read-care-options.ts';
import type { ServedQueues } from './serve-queues.ts';
import { QueueService } from './serve-queues.ts';

export interface QueueEnvironment {
  readonly store: Records;
  readonly clock: Clock;
  /** By which settled messages, and keys, are old. */
  readonly believed: BelievedTime;
  readonly random: Random;
  readonly flows: FlowInbox;
  readonly logger: Logger;
  readonly maxOutputBytes: number;
  readonly sizeBudgetBytes: number;
  /** Throws when the runtime does not run. */
  readonly requireRunning: () => void;
  /** Something has ended: whoever waits for quiet may look again. */
  readonly progressed: () => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type AnyHandler = MessageHandler<never> | HandlerWithSetup<never, never>;

/** Messages redriven in one commit. */
const redriveBatch = 500;
/** How long claims of other processes are kept for them after the owner died, ms. */
const reconnectMs = 5_000;

const messageRunner: MessageRunner = compileMachine(messageMachine);
export const consumerRunner: ConsumerRunner = compileMachine(consumerMachine);

/** The queues of one runtime: what is declared, the participant in its ticks, and what callers use. */
export class Queues implements QueueRuntime {
  readonly participant: QueueParticipant;
  readonly queues: QueueCare;
  /** Consumers that have not been stopped. */
  consumers = 0;
  readonly #environment: QueueEnvironment;
  readonly #catalog: QueueCatalog;
  readonly #port: LocalPort;

  constructor(options: QueueRuntimeOptions, environment: QueueEnvironment) {
    this.#environment = environment;
    this.#catalog = new QueueCatalog(options, environment);
    const { store, clock, believed, logger, sizeBudgetBytes } = environment;
    const findQueue = (name: string): Queue => this.#catalog.find(name);
    this.participant = new QueueParticipant({ ...environment, machine: messageRunner, findQueue, reconnectMs });
    this.#port = new LocalPort(`${localPrefix}${process.pid}`, command => this.participant.send(command));
    this.participant.attach(this.#port);
    const port = this.#port;
    this.participant.add({ idle: true, begin: () => {}, drain: () => {}, release: () => {}, end: () => port.forget() });
    const readSize = (): number | undefined => {
      // To weigh a store in memory is to write it all out.
      const size = isAbsolute(store.location) ? store.getSize() : undefined;
      if (size === undefined) return undefined;
      return size instanceof Promise ? undefined : size.bytes;
    };
    this.participant.add(new QueueAlerts({ clock, logger, sizeBudgetBytes, readSize, thresholds: requireKnownKeys(options.queueAlerts ?? {}, alertKeys, '`queueAlerts`'), states: () => this.participant.states, readOldestAt: (queue, now) => readOldestAt(requests => store.readMessages(requests), queue, now), notify: options.onQueueAlert }));
    this.participant.add(new QueueRetention({ store, clock, believed, logger, progressed: environment.progressed, findQueue, isUsed: () => this.participant.states.states.size > 0, pruned: (queue, count) => this.#forgetDead(queue, count) }));
    const relay = new OutboxRelay({ ...environment, remotes: options.remotes ?? {}, send: command => this.participant.send(command) });
    this.participant.relay = relay;
    this.participant.add(relay);
    this.queues = this.#createCare();
  }

  // publishing

  toRequest<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options?: PublishOptions, source: string | null = null): PublishRequest {
    return this.#catalog.toRequest(queue, payload, options, source);
  }

  /** What a step publishes: to be applied with its success. */
  toCommand(requests: readonly PublishRequest[]): Envelope {
    return this.participant.toCommand({ type: 'publish', requests });
  }

  /** Steps that wait for messages, or no longer do. */
  toWaits(waits: readonly StepWait[]): Envelope {
    return this.participant.toCommand({ type: 'await', waits });
  }

  async publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}): Promise<Published> {
    this.#environment.requireRunning();
    const [published] = (await this.participant.send({ type: 'publish', requests: [this.toRequest(queue, payload, options)] })) as [Published];
    return published;
  }

  async publishMany<Given>(queue: Queue<unknown, string, Given> | string, messages: readonly ({ readonly payload: NoInfer<Given> } & PublishOptions)[]): Promise<readonly Published[]> {
    this.#environment.requireRunning();
    const requests = messages.map(({ payload, ...options }) => this.toRequest(queue, payload, options));
    return (await this.participant.send({ type: 'publish', requests })) as readonly Published[];
  }

  // consuming

  readonly consume = ((queue: Queue | string, handler: AnyHandler, options?: ConsumeOptions) => this.#consume(queue, handler, options)) as unknown as QueueRuntime['consume'];

  async #consume(queue: Queue | string, handler: AnyHandler, options: ConsumeOptions = {}): Promise<Consumer> {
    this.#environment.requireRunning();
    const { clock, random, logger, progressed } = this.#environment;
    const params = toConsumerParams(this.#catalog.resolve(queue), handler, options);
    const consumer = new QueueConsumer(params, { clock, random, logger, progressed, port: this.#port, machine: consumerRunner, toRequest: (target, payload, more) => this.toRequest(target, payload, more) });
    this.participant.add(consumer);
    this.consumers++;
    return {
      queue: consumer.queue,
      get status() {
        return consumer.status;
      },
      get running() {
        return consumer.running;
      },
      stop: async () => {
        await consumer.stop();
        this.participant.remove(consumer);
        this.consumers--;
      },
    };
  }

  /** Lets clients at these queues. */
  createService(once: ServedQueues['once']): QueueService {
    return new QueueService({
      once,
      send: (command, request) => this.participant.send(command, request),
      tell: command => this.participant.tell(command),
      toRequest: (queue, payload, options) => this.toRequest(queue, payload, options),
      forget: (queue, instance) => this.participant.forget(queue, instance),
      purge: (queue, status) => this.queues.purge(queue, status),
    });
  }

  // looking after them

  /** Dead messages of a queue were deleted. */
  #forgetDead(queue: string, count: number): void {
    this.participant.states.stateOf(queue).dead -= count;
  }

  #createCare(): QueueCare {
    const { store, clock, requireRunning } = this.#environment;
    const send = (command: Parameters<QueueParticipant['send']>[0]): Promise<unknown> => {
      requireRunning();
      return this.participant.send(command);
    };
    return {
      stats: async queue => {
        const all = await readQueueStats(store, queue === undefined ? this.#catalog.names : [queue], clock.now());
        return queue === undefined ? all : all.filter(stats => stats.queue === queue);
      },
      get: async messageId => {
        const row = await store.getMessage(messageId);
        if (row) return toMessageDetails(row);
        throw new FlowError('message_not_found', `Expected the id of a message in ${store.location}, got ${describeValue(messageId)}`);
      },
      peek: async (queue, options) => {
        const { status, limit } = readPeek(options);
        return (await store.listMessages({ queue, status, limit })).map(toMessageDetails);
      },
      redrive: async (queue, messageId) => {
        if (messageId !== undefined) return (await send({ type: 'redrive', queue, messageId, limit: 1 })) as number;
        let redriven = 0;
        // Those that die again meanwhile are not begun once more.
        let left = (await store.countMessages()).find(count => count.queue === queue && count.status === 'dead')?.count ?? 0;
        while (left > 0) {
          const count = (await send({ type: 'redrive', queue, limit: Math.min(left, redriveBatch) })) as number;
          if (count === 0) break;
          redriven += count;
          left -= count;
        }
        return redriven;
      },
      purge: async (queue, status = 'dead') => {
        requireRunning();
        const count = await pruneAll(store, queue, status, Number.MAX_SAFE_INTEGER);
        if (status === 'dead') this.#forgetDead(queue, count);
        return count;
      },
      instances: async () => store.listInstances(),
      outbox: async options => (await store.listOutbox(0, readOutboxLimit(options))).map(toOutboxMessage),
      forgetInstance: async (queue, instance) => {
        requireRunning();
        await this.participant.forget(queue, requireInstance('instance', instance));
      },
    };
  }
}

const consumeKeys: KeysOf<ConsumeOptions> = { workers: true, batchSize: true, concurrency: true, instance: true };
type HandlerKeys = HandlerWithSetup<unknown, unknown>;
const handlerKeys: KeysOf<HandlerKeys> = { setup: true, handle: true, teardown: true };
const alertKeys: KeysOf<QueueAlertThresholds> = { dead: true, latencyMs: true };

/** @throws a `FlowError` with code `option_invalid` */
export function toConsumerParams(queue: Queue, handler: AnyHandler, options: ConsumeOptions): ConstructorParameters<typeof QueueConsumer>[0] {
  const { workers = queue.workers, batchSize = 1, concurrency = 1, instance } = requireKnownKeys(options, consumeKeys, `\`consume\` of queue "${queue.name}"`);
  const isHandler = typeof handler === 'function' || (typeof handler?.setup === 'function' && typeof handler.handle === 'function');
  if (isHandler && typeof handler === 'object') requireKnownKeys<HandlerKeys>(handler as unknown as HandlerKeys, handlerKeys, `the handler of queue "${queue.name}"`);
  if (!isHandler) throw new FlowError('option_invalid', `Expected a handler: a function, or an object with \`setup\` and \`handle\`, got ${describeValue(handler)}`);
  for (const [name, value] of Object.entries({ workers, batchSize, concurrency })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new FlowError('option_invalid', `Expected \`${name}\` to be an integer ≥ 1, got ${describeValue(value)}`);
  }
  return { queue, handler, workers, batchSize, concurrency, instance: instance === undefined ? null : requireInstance('instance', instance) };
}
