import type { Logger } from '../../core/logger.ts';
import type { ConsumerContext, ConsumerEvent, ConsumerInput } from '../../../machines/consumer.ts';
import { computeBackoff } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { maxDelayMs } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import type { Random } from '../../core/ids.ts';
import type { MachineRunner, Snapshot } from '../../core/machine-runner.ts';
import type { Queue } from './define-queue.ts';
import { LazySignal, runMessage, toFailed, toMessageFailure } from './run-message.ts';
import type { Consumer, HandlerWithSetup, MessageHandler, PublishOptions } from './queue-api.ts';
import type { ClaimedMessage, Outcome, PublishRequest, Receipt } from './queue-commands.ts';
import type { Dependent } from './queue-participant.ts';
import type { QueuePort } from './queue-port.ts';

export type ConsumerRunner = MachineRunner<ConsumerContext, ConsumerEvent, ConsumerInput>;

export interface ConsumerParams {
  readonly queue: Queue;
  readonly handler: MessageHandler<never> | HandlerWithSetup<never, never>;
  readonly workers: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly instance: string | null;
}

export interface ConsumerEnvironment {
  readonly port: QueuePort;
  readonly machine: ConsumerRunner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly toRequest: <Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions) => PublishRequest;
  /** Something has ended. */
  readonly progressed: () => void;
}

interface Worker {
  /** Claimed, not begun yet. */
  buffer: ClaimedMessage[];
  running: number;
  /** Takes its request for messages back. */
  cancel: (() => void) | undefined;
}

interface Run {
  readonly worker: Worker;
  readonly message: ClaimedMessage;
  readonly aborting: LazySignal;
  lost: boolean;
}

/** Wait before a consumer that failed begins anew. */
const restartPolicy = { maxAttempts: 1, initialIntervalMs: 1_000, backoffCoefficient: 2, maxIntervalMs: 60_000, jitter: 'full', nonRetryable: [] } as const;
const toKey = ({ key, claim }: Receipt): string => `${key}.${claim}`;

/** Claims messages of one queue and runs their handlers. Its life is the consumer machine's. */
export class QueueConsumer implements Consumer, Dependent {
  readonly #params: ConsumerParams;
  readonly #environment: ConsumerEnvironment;
  readonly #workers: Worker[];
  readonly #runs = new Map<string, Run>();
  readonly #unwatch: () => void;
  /** Answers that are not stored yet. */
  #answering = 0;
  #snapshot: Snapshot<ConsumerContext>;
  #open = false;
  #resource: unknown;
  #timer: unknown;
  #ended: (() => void)[] = [];

  constructor(params: ConsumerParams, environment: ConsumerEnvironment) {
    this.#params = params;
    this.#environment = environment;
    this.#workers = Array.from({ length: params.workers }, () => ({ buffer: [], running: 0, cancel: undefined }));
    this.#snapshot = environment.machine.initial({ maxLost: params.workers * params.concurrency });
    this.#unwatch = environment.port.watchLost(receipts => this.#lose(receipts));
  }

  get queue(): string {
    return this.#params.queue.name;
  }

  get status(): Consumer['status'] {
    const { value } = this.#snapshot;
    return value === 'backingOff' ? 'backing off' : value === 'stopped' ? 'stopped' : 'running';
  }

  get running(): number {
    return this.#runs.size;
  }

  get idle(): boolean {
    return this.#runs.size === 0 && this.#answering === 0;
  }

  // its surroundings

  /** The queues can be used: for the first time, or again. */
  begin(): void {
    const { value } = this.#snapshot;
    if (value === 'idle') this.#tell({ type: 'consumer.start' });
    else if (value === 'running') this.#claimMore();
  }

  drain(): void {
    this.#open = false;
    for (const worker of this.#workers) {
      worker.cancel?.();
      worker.cancel = undefined;
      for (const message of worker.buffer.splice(0)) this.#answer(message, { type: 'release' });
    }
  }

  release(): void {
    for (const { message, aborting } of this.#runs.values()) {
      aborting.abort(toAbort('runtime_stopped', 'The runtime stops'));
      this.#answer(message, { type: 'release' });
    }
    this.#runs.clear();
  }

  end(): void {
    for (const { aborting } of this.#runs.values()) aborting.abort(toAbort('runtime_stopped', 'The runtime stands still or has stopped'));
    this.#runs.clear();
    for (const worker of this.#workers) Object.assign(worker, { buffer: [], running: 0, cancel: undefined });
    this.#notify();
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'consumer.stop' });
    if (!this.idle) await new Promise<void>(resolve => this.#ended.push(resolve));
    this.#unwatch();
  }

  // its life

  #tell(event: ConsumerEvent): void {
    const effects: string[] = [];
    this.#snapshot = this.#environment.machine.transition(this.#snapshot, event, effects);
    for (const effect of effects) {
      if (effect === 'open') void this.#begin();
      else if (effect === 'close') this.#close();
      else if (effect === 'wait') this.#wait();
    }
  }

  /** Never rejects: what goes wrong is told to the machine. */
  async #begin(): Promise<void> {
    const { handler, instance, queue } = this.#params;
    const { life } = this.#snapshot.context;
    try {
      if (instance !== null) await this.#environment.port.register(queue.name, instance);
      const resource = typeof handler === 'function' ? undefined : await handler.setup();
      if (this.#snapshot.context.life !== life || this.#snapshot.value !== 'running') return await this.#teardown(resource);
      this.#resource = resource;
    } catch (error) {
      if (this.#snapshot.context.life !== life) return;
      this.#environment.logger.error({ err: error, queue: queue.name }, 'a consumer could not begin; it is tried again');
      return this.#tell({ type: 'consumer.failed', retryAt: this.#computeRetryAt() });
    }
    this.#open = true;
    this.#claimMore();
  }

  #close(): void {
    this.drain();
    const resource = this.#resource;
    this.#resource = undefined;
    void this.#teardown(resource);
  }

  async #teardown(resource: unknown): Promise<void> {
    const { handler } = this.#params;
    if (typeof handler === 'function') return;
    try {
      // What its handlers still use is closed when they have ended.
      if (this.#runs.size > 0) await new Promise<void>(resolve => this.#ended.push(resolve));
      await handler.teardown?.(resource as never);
    } catch (error) {
      this.#environment.logger.error({ err: error, queue: this.queue }, 'a consumer could not be closed in good order');
    }
  }

  #computeRetryAt(): number {
    const { clock, random } = this.#environment;
    return clock.now() + computeBackoff(restartPolicy, this.#snapshot.context.failures + 1, random.next());
  }

  #wait(): void {
    const { clock, logger } = this.#environment;
    const { dueAt, failures } = this.#snapshot.context;
    logger.warn({ queue: this.queue, failures, dueAt }, 'a consumer backs off');
    const arm = (): void => {
      const left = (dueAt ?? 0) - clock.now();
      clock.clearTimer(this.#timer);
      this.#timer = clock.setTimer(() => {
        if (this.#snapshot.value !== 'backingOff') return;
        if ((dueAt ?? 0) > clock.now()) return arm();
        this.#tell({ type: 'timer.fired' });
      }, Math.min(Math.max(0, left), maxDelayMs));
    };
    arm();
  }

  // its work

  #claimMore(): void {
    if (this.#open) for (const worker of this.#workers) this.#ask(worker);
  }

  #ask(worker: Worker): void {
    const { queue, instance, batchSize, concurrency } = this.#params;
    if (!this.#open || worker.cancel || worker.buffer.length > 0 || worker.running >= concurrency) return;
    const max = Math.max(batchSize, concurrency - worker.running);
    worker.cancel = this.#environment.port.request({ queue: queue.name, instance, max, leaseMs: queue.visibilityTimeoutMs }, messages => {
      worker.cancel = undefined;
      worker.buffer.push(...messages);
      this.#run(worker);
    });
  }

  #run(worker: Worker): void {
    while (worker.running < this.#params.concurrency) {
      const message = worker.buffer.shift();
      if (!message) break;
      void this.#handle(worker, message);
    }
    this.#ask(worker);
  }

  async #handle(worker: Worker, message: ClaimedMessage): Promise<void> {
    const { queue, handler } = this.#params;
    const { clock, random, logger, toRequest } = this.#environment;
    const run: Run = { worker, message, aborting: new LazySignal(), lost: false };
    const key = toKey(message);
    this.#runs.set(key, run);
    worker.running++;
    const extend = async (ms: number): Promise<void> => {
      if (await this.#environment.port.answer(message, { type: 'extend', ms })) return;
      throw new FlowError('claim_lost', `Expected to hold the message ${message.messageId}, another worker may have it by now: the visibility timeout had passed`, { details: { messageId: message.messageId } });
    };
    let outcome: Outcome;
    try {
      // It has waited in the batch for a good part of its time.
      if (message.leaseUntil - clock.now() < queue.visibilityTimeoutMs / 2) await extend(queue.visibilityTimeoutMs);
      const resource = this.#resource;
      const handle: MessageHandler<never> = typeof handler === 'function' ? handler : call => handler.handle(call, resource as never);
      outcome = await runMessage(message, queue, handle, { logger, random, aborting: run.aborting, extend, toRequest });
    } catch (error) {
      outcome = toFailed(toMessageFailure(error), queue, message.attempt, random);
    }
    if (this.#runs.get(key) !== run) {
      // The runtime has stopped meanwhile, or the claim ran out: then what it says is refused, and noted.
      if (run.lost) this.#answer(message, outcome);
      return;
    }
    this.#runs.delete(key);
    worker.running--;
    this.#answer(message, outcome);
    if (outcome.type === 'ack') this.#tell({ type: 'message.handled' });
    this.#run(worker);
    this.#notify();
  }

  #answer(message: ClaimedMessage, outcome: Outcome): void {
    const { port, logger, random } = this.#environment;
    this.#answering++;
    const settled = (): void => {
      this.#answering--;
      this.#notify();
    };
    port.answer(message, outcome).then(
      accepted => {
        settled();
        if (!accepted) logger.warn({ queue: this.queue, messageId: message.messageId, claim: message.claim }, 'an answer came after the claim was lost; it was refused');
      },
      (error: unknown) => {
        settled();
        // What it wanted to publish with its success was refused, so it has not succeeded.
        if (outcome.type === 'ack' && outcome.publishes?.length) this.#answer(message, toFailed(toMessageFailure(error), this.#params.queue, message.attempt, random));
        else logger.debug({ err: error, messageId: message.messageId }, 'an answer was not taken; the claim will come back');
      },
    );
  }

  /** Claims ran out: their handlers hang, or are slower than they may be. Others take their places. */
  #lose(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) {
      const run = this.#runs.get(toKey(receipt));
      if (run?.message.messageId !== receipt.messageId) {
        for (const worker of this.#workers) worker.buffer = worker.buffer.filter(({ key, claim }) => key !== receipt.key || claim !== receipt.claim);
        continue;
      }
      run.lost = true;
      run.aborting.abort(toAbort('visibility_timeout', 'The visibility timeout has passed; the message goes to another worker'));
      this.#runs.delete(toKey(receipt));
      run.worker.running--;
      this.#tell({ type: 'handler.lost', retryAt: this.#computeRetryAt() });
      this.#run(run.worker);
    }
    this.#notify();
  }

  #notify(): void {
    this.#environment.progressed();
    if (!this.idle) return;
    for (const ended of this.#ended.splice(0)) ended();
  }
}

function toAbort(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'AbortError', code });
}
