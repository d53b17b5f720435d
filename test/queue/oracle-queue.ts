import { computeRank } from '../../src/kinds/queues/priority.ts';
import { Backlog } from './backlog.ts';

/** A message as the model has it. */
export interface ModelMessage {
  readonly key: number;
  readonly id: string;
  readonly instance: string | null;
  readonly priority: number;
  readonly partitionKey: string | null;
  visibleAt: number;
  dueAt: number | null;
  state: 'waiting' | 'claimed' | 'dead' | 'completed' | 'gone';
  claim: number;
  attempt: number;
  interruptions: number;
  rank: number;
}

export interface ModelRequest {
  readonly id: number;
  readonly instance: string | null;
  readonly max: number;
}

/** How a message was answered. */
export type Answered = { readonly type: 'ack' | 'bury' | 'release' } | { readonly type: 'fail' | 'snooze'; readonly ms: number };

export const limits = { maxAttempts: 3, maxInterruptions: 3 } as const;

/** A queue as 0.3.0 had it: everything in memory, in a `Backlog` each for anybody and for every instance. */
export class OracleQueue {
  readonly messages = new Map<string, ModelMessage>();
  readonly #ageingMs: number | null;
  readonly #backlogs = new Map<string | null, Backlog<ModelMessage>>();
  readonly #alarms = new Set<ModelMessage>();
  #requests: ModelRequest[] = [];
  #lastKey = 0;

  constructor(ageingMs: number | null) {
    this.#ageingMs = ageingMs;
  }

  #backlogOf({ instance }: { readonly instance: string | null }): Backlog<ModelMessage> {
    let backlog = this.#backlogs.get(instance);
    if (!backlog) this.#backlogs.set(instance, (backlog = new Backlog<ModelMessage>()));
    return backlog;
  }

  list(state: ModelMessage['state']): ModelMessage[] {
    return [...this.messages.values()].filter(message => message.state === state);
  }

  publish(id: string, parts: Pick<ModelMessage, 'instance' | 'priority' | 'partitionKey'>, delayMs: number, now: number): void {
    const visibleAt = now + delayMs;
    const message: ModelMessage = {
      ...parts, key: ++this.#lastKey, id, visibleAt, dueAt: delayMs > 0 ? visibleAt : null, state: 'waiting', claim: 0, attempt: 0, interruptions: 0,
      rank: computeRank(parts.priority, visibleAt, this.#ageingMs),
    };
    this.messages.set(id, message);
    this.#place(message, now);
  }

  request(request: ModelRequest): void {
    this.#requests.push(request);
  }

  forgetRequests(): void {
    this.#requests = [];
  }

  ring(now: number): void {
    for (const message of this.#alarms) {
      if (message.dueAt !== null && message.dueAt > now) continue;
      this.#alarms.delete(message);
      if (message.state === 'waiting') this.#place(message, now);
    }
  }

  answer(id: string, claim: number, answered: Answered, now: number): boolean {
    const message = this.messages.get(id);
    if (message?.state !== 'claimed' || message.claim !== claim) return false;
    if (answered.type === 'ack') this.#end(message, 'completed');
    else if (answered.type === 'bury' || (answered.type === 'fail' && message.attempt >= limits.maxAttempts)) this.#end(message, 'dead');
    else {
      if (answered.type !== 'fail') message.attempt--;
      this.#return(message, 'ms' in answered ? now + answered.ms : null, now);
    }
    return true;
  }

  /** Whoever held all claims has died. */
  lose(now: number): void {
    for (const message of this.list('claimed')) {
      if (++message.interruptions >= limits.maxInterruptions) {
        this.#end(message, 'dead');
        continue;
      }
      message.attempt--;
      this.#return(message, null, now);
    }
  }

  redrive(now: number): number {
    const dead = this.list('dead');
    for (const message of dead.toSorted((a, b) => a.key - b.key)) {
      Object.assign(message, { state: 'waiting', visibleAt: now, dueAt: null, attempt: 0, interruptions: 0, rank: computeRank(message.priority, now, this.#ageingMs) });
      this.#place(message, now);
    }
    return dead.length;
  }

  purge(): number {
    const dead = this.list('dead');
    for (const message of dead) message.state = 'gone';
    return dead.length;
  }

  /** Workers that wait, in the order in which they asked, each with what it gets. */
  assign(): string[][] {
    const given: string[][] = [];
    const left: ModelRequest[] = [];
    for (const request of this.#requests) {
      const ids: string[] = [];
      for (let message = this.#take(request.instance); message; message = this.#take(request.instance)) {
        message.claim++;
        message.attempt++;
        message.dueAt = null;
        message.state = 'claimed';
        ids.push(message.id);
        if (ids.length === request.max) break;
      }
      if (ids.length > 0) given.push([String(request.id), ...ids]);
      else left.push(request);
    }
    this.#requests = left;
    return given;
  }

  #take(instance: string | null): ModelMessage | undefined {
    const shared = this.#backlogOf({ instance: null });
    const own = instance === null ? undefined : this.#backlogOf({ instance });
    const [any, mine] = [shared.peek(), own?.peek()];
    if (!mine) return shared.take();
    return any && (any.rank > mine.rank || (any.rank === mine.rank && any.key < mine.key)) ? shared.take() : own?.take();
  }

  #end(message: ModelMessage, state: 'completed' | 'dead'): void {
    message.state = state;
    this.#backlogOf(message).end(message);
  }

  #return(message: ModelMessage, dueAt: number | null, now: number): void {
    message.state = 'waiting';
    message.dueAt = dueAt;
    this.#backlogOf(message).hold(message);
    this.#place(message, now);
  }

  #place(message: ModelMessage, now: number): void {
    if (message.dueAt !== null && message.dueAt > now) this.#alarms.add(message);
    else this.#backlogOf(message).add(message);
  }
}
