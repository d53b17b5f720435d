import type { Logger } from '../../core/logger.ts';
import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { AnyReader } from '../../../persistence/records/open-records.ts';
import { openReader } from '../../../persistence/records/open-records.ts';
import type { Records } from '../../../persistence/store.ts';
import { computeBackoff } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { Random } from '../../core/ids.ts';
import { connectToOwner } from '../../owner/connect-to-owner.ts';
import type { OwnerConnection } from '../../owner/owner-connection.ts';
import { isCutOff } from '../../owner/reconnecting-client.ts';
import type { PublishRequest, QueueCommand } from './queue-commands.ts';
import type { Dependent } from './queue-participant.ts';
import { readStored } from '../../core/stored-value.ts';

export interface RelayOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Opens the other databases for reading, by name, to find who owns them. */
  readonly remotes: { readonly [name: string]: () => AnyReader };
  readonly send: (command: QueueCommand) => Promise<unknown>;
}

const pageSize = 1_000;
/** Messages sent at once; what is refused of them is refused one by one. */
const batchSize = 50;
const timeoutMs = 5_000;
const retryPolicy = { maxAttempts: 1, initialIntervalMs: 100, backoffCoefficient: 2, maxIntervalMs: 30_000, jitter: 'full', nonRetryable: [] } as const;
/** What will not be otherwise next time. */
const isForGood = (error: FlowError): boolean => ['request_invalid', 'request_too_large', 'value_too_large'].includes(error.code);

/** What waits for one other database. */
interface Courier {
  readonly target: string;
  rows: OutboxRecord[];
  line: OwnerConnection | undefined;
  busy: boolean;
  failures: number;
  timer: unknown;
}

/** Carries messages to queues of other databases, in order, until their owners have stored them. */
export class OutboxRelay implements Dependent {
  readonly idle = true;
  readonly #options: RelayOptions;
  readonly #couriers = new Map<string, Courier>();
  #life = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  begin(): void {
    const life = ++this.#life;
    this.#load(life).catch(error => this.#options.logger.error({ err: error }, 'the outbox could not be read; it is sent after the next start'));
  }

  async #load(life: number): Promise<void> {
    for (let after = 0; life === this.#life; ) {
      const page = await this.#options.store.listOutbox(after, pageSize);
      if (life !== this.#life) return;
      this.take(page);
      if (page.length < pageSize) return;
      after = page.at(-1)?.key ?? after;
    }
  }

  /** Messages that were stored: they go when those before them have gone. */
  take(rows: readonly OutboxRecord[]): void {
    for (const row of rows) {
      if (row.dueAt === null) continue;
      const courier = this.#courierOf(row.target);
      if (courier.rows.some(({ key }) => key === row.key)) continue;
      courier.rows.push(row);
    }
    for (const courier of this.#couriers.values()) void this.#run(courier);
  }

  drain(): void {
    this.end();
  }

  release(): void {}

  end(): void {
    this.#life++;
    for (const courier of this.#couriers.values()) {
      this.#options.clock.clearTimer(courier.timer);
      courier.line?.close();
    }
    this.#couriers.clear();
  }

  #courierOf(target: string): Courier {
    let courier = this.#couriers.get(target);
    if (!courier) this.#couriers.set(target, (courier = { target, rows: [], line: undefined, busy: false, failures: 0, timer: undefined }));
    return courier;
  }

  /** One at a time per target. Never rejects. */
  async #run(courier: Courier): Promise<void> {
    const life = this.#life;
    if (courier.busy || courier.timer !== undefined || courier.rows.length === 0) return;
    courier.busy = true;
    try {
      while (courier.rows.length > 0 && life === this.#life) {
        courier.line ??= await this.#connect(courier);
        await this.#sendNext(courier, courier.line);
      }
    } catch (error) {
      if (life !== this.#life) return;
      courier.line?.close();
      courier.line = undefined;
      this.#options.logger.warn({ err: error, target: courier.target, waiting: courier.rows.length }, 'messages for another database wait: its owner could not be reached');
      this.#rest(courier);
    } finally {
      courier.busy = false;
    }
  }

  #rest(courier: Courier): void {
    const { clock, random } = this.#options;
    courier.failures++;
    courier.timer = clock.setTimer(() => {
      courier.timer = undefined;
      void this.#run(courier);
    }, 20 + computeBackoff(retryPolicy, courier.failures, random.next()));
    (courier.timer as { unref?: () => void }).unref?.();
  }

  async #connect(courier: Courier): Promise<OwnerConnection> {
    const { remotes, clock } = this.#options;
    const open = remotes[courier.target];
    if (!open) throw new FlowError('remote_unknown', `Expected the name of another database in \`remotes\`, got "${courier.target}"`);
    const reader = openReader(open());
    const owner = await reader.getOwner();
    await reader.close();
    if (!owner?.socket) throw new FlowError('owner_unreachable', `Expected an owner of ${reader.location} that can be reached, found none`);
    const line = await connectToOwner(owner.socket, { clock, timeoutMs });
    line.onEnd(() => {
      if (courier.line === line) courier.line = undefined;
    });
    return line;
  }

  async #sendNext(courier: Courier, line: OwnerConnection): Promise<void> {
    const rows = courier.rows.slice(0, batchSize);
    const answers = await Promise.allSettled(rows.map(async ({ key, request }) => line.request('enqueue', { requests: [readStored<PublishRequest>('outbox.request', key, request)] })));
    const sent: number[] = [];
    const refused: OutboxRecord[] = [];
    for (const [index, answer] of answers.entries()) {
      const row = rows[index] as OutboxRecord;
      if (answer.status === 'fulfilled') sent.push(row.key);
      else if (isCutOff(answer.reason)) break;
      else refused.push(this.#refuse(row, answer.reason));
    }
    if (sent.length === 0 && refused.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    await this.#options.send({ type: 'relayed', sent, refused });
    courier.failures = 0;
    const done = new Set([...sent, ...refused.map(({ key }) => key)]);
    courier.rows = courier.rows.filter(({ key }) => !done.has(key));
    // What is not refused for good is tried again, behind the others.
    const again = refused.filter(({ dueAt }) => dueAt !== null);
    courier.rows.push(...again);
    if (again.length > 0 && courier.rows.length === again.length) throw new FlowError('owner_unreachable', `Expected ${courier.target} to take messages, it refused ${again.length}`);
  }

  #refuse(row: OutboxRecord, reason: unknown): OutboxRecord {
    const { clock, random } = this.#options;
    const error = isFlowError(reason) ? reason : new FlowError('request_failed', String(reason));
    const failure = JSON.stringify({ code: error.code, message: error.message.slice(0, 2_000), retryable: !isForGood(error) });
    const refusals = row.refusals + 1;
    return { ...row, refusals, failure, dueAt: isForGood(error) ? null : clock.now() + computeBackoff(retryPolicy, refusals, random.next()) };
  }
}
