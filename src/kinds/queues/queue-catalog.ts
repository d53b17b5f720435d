import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import { createRequest } from './create-request.ts';
import type { Queue } from './define-queue.ts';
import { defineQueue } from './define-queue.ts';
import type { PublishOptions, QueueRuntimeOptions } from './queue-api.ts';
import type { PublishRequest } from './queue-commands.ts';
import { applySettings } from './queue-settings.ts';

export interface CatalogEnvironment {
  readonly clock: Clock;
  readonly maxOutputBytes: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The queues a process knows, with what its deployment sets. */
export class QueueCatalog {
  readonly #options: QueueRuntimeOptions;
  readonly #environment: CatalogEnvironment;
  readonly #declared = new Map<string, Queue>();
  readonly #resolved = new WeakMap<Queue, Queue>();
  readonly #defaults = new Map<string, Queue>();

  constructor(options: QueueRuntimeOptions, environment: CatalogEnvironment) {
    this.#options = options;
    this.#environment = environment;
    for (const queue of options.queues ?? []) this.#declare(queue);
  }

  get names(): readonly string[] {
    return [...this.#declared.keys()];
  }

  #declare(queue: Queue): Queue {
    if (typeof queue !== 'object' || queue === null || typeof queue.backoff !== 'object') throw new FlowError('queue_invalid', `Expected a queue made with \`defineQueue\`, got ${describeValue(queue)}`);
    const resolved = applySettings(queue, this.#options.queueSettings?.[queue.name], this.#environment.environment);
    this.#resolved.set(queue, resolved);
    if (!this.#declared.has(queue.name)) this.#declared.set(queue.name, resolved);
    return resolved;
  }

  /** One that is not declared here goes by the defaults: another process may have published to it. */
  find(name: string): Queue {
    const known = this.#declared.get(name) ?? this.#defaults.get(name);
    if (known) return known;
    const queue = applySettings(defineQueue({ name }), this.#options.queueSettings?.[name], this.#environment.environment);
    this.#defaults.set(name, queue);
    return queue;
  }

  /** @throws a `FlowError` with code `queue_unknown` or `queue_invalid` */
  resolve<Payload>(queue: Queue<Payload, string, unknown> | string): Queue {
    if (typeof queue !== 'string') return this.#resolved.get(queue) ?? this.#declare(queue);
    const known = this.#declared.get(queue);
    if (known) return known;
    throw new FlowError('queue_unknown', `Expected the name of a queue this runtime knows, got "${queue}"${didYouMean(queue, this.#declared.keys())}. Pass it in \`queues\`, or the queue itself`);
  }

  /** @param source the step that publishes, or null */
  toRequest<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}, source: string | null = null): PublishRequest {
    const { clock, maxOutputBytes } = this.#environment;
    // What another database calls its queues is its own affair.
    const resolved = typeof queue === 'string' && options?.at !== undefined ? this.find(queue) : this.resolve(queue);
    if (options?.at !== undefined && !this.#options.remotes?.[options.at]) {
      throw new FlowError('remote_unknown', `Expected \`at\` to be the name of another database in \`remotes\`, got ${describeValue(options.at)}${didYouMean(String(options.at), Object.keys(this.#options.remotes ?? {}))}`);
    }
    return createRequest(resolved, payload, options, { now: clock.now(), maxBytes: maxOutputBytes, source });
  }
}
