import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { MessageRecord } from '../../../persistence/queue-records.ts';
import { turns } from '../../../persistence/queue-records.ts';
import type { OpenMessage, QueueStore } from '../../../persistence/queue-store.ts';
import { claimedOf, correlatedOf, dueOf, headsOf, nextOf, readHeads } from './message-requests.ts';
import type { Lane, QueueState } from './queue-state.ts';
import type { PublishRequest, QueueCommand, Receipt } from './queue-commands.ts';
import type { QueueStates } from './queue-states.ts';
import type { DueMessages, QueuedMessage } from './queued-message.ts';

/** What was read for one command beside what is in memory from then on. */
export interface LoadedCommand {
  /** Ids of messages that were published before under the keys of these. */
  readonly duplicates: ReadonlyMap<PublishRequest, string>;
  /** Whether the answer has been stored before. */
  readonly isAcknowledged: boolean;
  /** Messages that begin anew, or end. */
  readonly rows: readonly MessageRecord[];
  readonly ended: readonly QueuedMessage[];
  readonly due: DueMessages | undefined;
  /** Messages whose delay is over, for steps that wait. */
  readonly offers: readonly QueuedMessage[];
}

export interface QueueLoaderOptions {
  readonly store: QueueStore;
  readonly states: QueueStates;
  /** Process time, ms. */
  readonly passed: () => number;
  readonly instancesOf: (queue: string) => ReadonlySet<string>;
  /** The time by which keys are forgotten: not that of a clock that shows a day far ahead for a minute. */
  readonly believedAt: (now: number) => number;
  /** Whether any step waits for a message. */
  readonly isAwaited: () => boolean;
}

/** The place of a message in a partition: what has to be known before it changes. */
type Place = Pick<QueuedMessage, 'queue' | 'instance' | 'partitionKey' | 'priority'>;

/** Messages that come back in one tick, and that are ended in one. */
const maxRows = 500;
/** Messages that are read for a step that waits; only those that nobody can read are passed over. */
const maxOffers = 4;

const forEver = Number.MAX_SAFE_INTEGER;

/** Of most commands nothing is read but what is in memory from then on. */
export const nothingLoaded: LoadedCommand = { duplicates: new Map(), isAcknowledged: false, rows: [], ended: [], due: undefined, offers: [] };

/**
 * Reads what a command is decided by, so that deciding reads nothing: the windows of queues that workers wait for, partitions
 * that change, what an idempotency key stands for. Absence is read, too. With a store that answers at once all of it is done at once.
 */
export class QueueLoader {
  readonly #options: QueueLoaderOptions;
  /** Delays that ended up to then were seen, epoch ms. */
  #seenTo: number;

  constructor(options: QueueLoaderOptions, now: number) {
    this.#options = options;
    this.#seenTo = now;
  }

  /**
   * Counts what is stored, and reads what is claimed; the rest is read when it is needed.
   *
   * @returns the highest key in the outbox
   */
  async begin(now: number): Promise<number> {
    const { store, states } = this.#options;
    const { messageKey, outboxKey, publishedAt } = await store.getQueueMarks();
    const queues = await store.countQueues();
    const due = [dueOf(turns.free, now + 1, forEver, 1), dueOf(turns.away, 0, forEver, 1), dueOf(turns.delayed, 0, forEver, 1)];
    const answers = await store.readMessages([...due, ...queues.map(({ queue }) => claimedOf(queue))]);
    states.begin({ messageKey, publishedAt }, findNext(answers.slice(0, due.length)));
    for (const { queue, unsettled, dead } of queues) Object.assign(states.stateOf(queue), { unsettled, dead });
    for (const row of answers.slice(due.length).flat()) states.restore(row, now);
    return outboxKey;
  }

  load(command: QueueCommand, now: number): Answer<LoadedCommand> {
    const { states } = this.#options;
    switch (command.type) {
      case 'publish':
        return this.#loadPublishes(command.requests, now);
      case 'claim': {
        const { queue, instance, max } = command.request;
        return chain(this.#loadWindows(states.stateOf(queue), new Set([instance]), max, now), () => nothingLoaded);
      }
      case 'refill':
        return chain(this.#refill(now), () => nothingLoaded);
      case 'answer': {
        const claimed = states.findClaimed(command.receipt);
        const publishes = command.outcome.type === 'ack' ? (command.outcome.publishes ?? []) : [];
        if (claimed?.claimedBy !== command.by) return command.outcome.type === 'ack' ? this.#findAcknowledged(command.by, command.receipt) : nothingLoaded;
        return chain(this.#loadLanes([claimed], true), () => (publishes.length === 0 ? nothingLoaded : this.#loadPublishes(publishes, now)));
      }
      case 'attach':
      case 'hangUp':
        return chain(this.#loadLanes([...states.claims.of(command.link.name)], true), () => nothingLoaded);
      case 'reclaim':
        return chain(this.#loadLanes(command.names.flatMap(name => [...states.claims.of(name)]), true), () => nothingLoaded);
      case 'rematch':
        return chain(this.#loadGivenBack(command.names.flatMap(name => [...states.claims.of(name)])), () => chain(this.#loadWishes(command.wishes, now), () => nothingLoaded));
      case 'await':
        return chain(this.#loadWishes(command.waits.filter(({ state }) => state === 'waiting'), now), () => chain(this.#loadGivenBack(command.waits.flatMap(({ executionId, position }) => [...states.claims.of(toClaimant(executionId, position))])), () => nothingLoaded));
      case 'due':
        return command.key === undefined ? this.#loadDue(now) : this.#loadOne(command.key, now);
      case 'bury':
        return this.#loadOne(command.key, now);
      case 'redrive':
        return this.#loadDead(command.queue, command.messageId, command.limit);
      case 'forget':
        return this.#loadOwn(command.queue, command.instance);
      default:
        return nothingLoaded;
    }
  }

  // publishing

  #loadPublishes(requests: readonly PublishRequest[], now: number): Answer<LoadedCommand> {
    const { store, instancesOf, believedAt } = this.#options;
    const duplicates = new Map<PublishRequest, string>();
    const places: Place[] = [];
    const next = (index: number): Answer<LoadedCommand> => {
      for (let at = index; at < requests.length; at++) {
        const request = requests[at] as PublishRequest;
        const { queue, at: target, to, messageId, idempotencyKey, relayed, partitionKey, priority } = request;
        // Whether it is one is for the other database to say.
        if (target !== null) continue;
        const instances = to === 'all' ? [...instancesOf(queue)] : [to?.instance ?? null];
        if (partitionKey !== null) places.push(...instances.map(instance => ({ queue, instance, partitionKey, priority })));
        const first = to === 'all' && instances.length > 0 ? `${messageId}@${instances[0]}` : messageId;
        const known = relayed ? chain(store.getMessage(first), row => (row ? messageId : undefined)) : undefined;
        const found = chain(known, id => id ?? (idempotencyKey === null ? undefined : store.findMessageByKey(queue, idempotencyKey, believedAt(now))));
        const note = (id: string | undefined): void => void (id !== undefined && duplicates.set(request, id));
        if (found instanceof Promise) return found.then(id => (note(id), next(at + 1)));
        note(found);
      }
      if (places.length === 0) return duplicates.size === 0 ? nothingLoaded : { ...nothingLoaded, duplicates };
      return chain(this.#loadLanes(places, false), () => ({ ...nothingLoaded, duplicates }));
    };
    return next(0);
  }

  /** It is said again what is stored: the answer was lost with the connection. */
  #findAcknowledged(by: string, { messageId, claim }: Receipt): Answer<LoadedCommand> {
    return chain(this.#options.store.getMessage(messageId), row =>
      row?.status === 'completed' && row.claim === claim && row.claimedBy === by ? { ...nothingLoaded, isAcknowledged: true } : nothingLoaded,
    );
  }

  // windows

  #loadWindows(state: QueueState, instances: ReadonlySet<string | null>, more: number, now: number): Answer<void> {
    const lists = new Set([...instances].flatMap(instance => state.listsFor(instance)));
    let answer: Answer<void> = undefined;
    for (const list of lists) answer = chain(answer, () => list.load(state.wanted + more, now));
    return answer;
  }

  #refill(now: number): Answer<void> {
    let answer: Answer<void> = undefined;
    for (const { name, wanted } of this.#options.states.states.values()) {
      if (wanted === 0) continue;
      const state = this.#options.states.stateOf(name);
      answer = chain(answer, () => this.#loadWindows(state, state.waiting, 0, now));
    }
    return answer;
  }

  // partitions

  /**
   * Reads partitions that are about to change.
   *
   * @param ends whether these messages may end, so that it has to be known who comes next
   */
  #loadLanes(places: readonly Place[], ends: boolean): Answer<void> {
    const { states, store } = this.#options;
    const unloaded = new Map<Lane, Place>();
    const unknown: { readonly lane: Lane; readonly place: Place }[] = [];
    for (const place of places) {
      const lane = states.stateOf(place.queue).openLane(place);
      if (!lane) continue;
      if (!lane.isLoaded) unloaded.set(lane, place);
      if (ends && !lane.knowsNext(place.priority)) unknown.push({ lane, place });
    }
    if (unloaded.size === 0 && unknown.length === 0) return undefined;
    const heads = [...unloaded.values()].map(({ queue, instance, partitionKey }) => headsOf(queue, instance, partitionKey as string));
    const nexts = unknown.map(({ lane, place: { queue, instance, partitionKey, priority } }) => nextOf(queue, instance, partitionKey as string, priority, 1 + lane.changed));
    return chain(store.readMessages([...heads, ...nexts]), answers => {
      const adopt = (index: number): QueuedMessage[] => (answers[index] ?? []).flatMap(row => states.adopt(row) ?? []);
      for (const [index, lane] of [...unloaded.keys()].entries()) if (!lane.isLoaded) lane.load(adopt(index));
      for (const [index, { lane, place }] of unknown.entries()) lane.loadNext(place.priority, adopt(heads.length + index));
    });
  }

  // steps that wait

  #loadWishes(wishes: readonly { readonly queue: string; readonly correlationId: string | null }[], now: number): Answer<void> {
    let answer: Answer<void> = undefined;
    for (const { queue, correlationId } of wishes) answer = chain(answer, () => this.#loadWish(queue, correlationId, now));
    return answer;
  }

  #loadWish(queue: string, correlationId: string | null, now: number): Answer<void> {
    const { states, store } = this.#options;
    const state = states.stateOf(queue);
    if (correlationId === null) {
      return chain(state.listOf(null).load(maxOffers, now), () => {
        const next = states.findReady(queue, null, now);
        return next && this.#loadGivenBack([next]);
      });
    }
    const read = (turn: number) => readHeads(requests => store.readMessages(requests), correlatedOf(queue, correlationId, turn), maxOffers);
    return chain(read(turns.free), free => chain(read(turns.behind), behind => {
      const found = [...free.values(), ...behind.values()].flat().flatMap(row => states.adopt(row) ?? []);
      state.found.set(correlationId, found);
      return this.#loadGivenBack(found);
    }));
  }

  /** What is given to steps, or back by them: with its payload, which is checked in the tick. */
  #loadGivenBack(messages: readonly QueuedMessage[]): Answer<void> {
    const { store } = this.#options;
    let answer = this.#loadLanes(messages, true);
    for (const message of messages) {
      if (message.payload !== undefined) continue;
      answer = chain(answer, () => chain(store.getMessagePayload(message.key), payload => void (message.payload = payload)));
    }
    return answer;
  }

  // time

  #loadDue(now: number): Answer<LoadedCommand> {
    const { states, store, passed, isAwaited } = this.#options;
    const from = Math.min(this.#seenTo, now) + 1;
    this.#seenTo = now;
    const ended = [dueOf(turns.away, 0, now, maxRows), dueOf(turns.delayed, 0, now, maxRows)];
    const later = [turns.free, turns.away, turns.delayed].map(turn => dueOf(turn, now + 1, forEver, 1));
    const delayed = isAwaited() ? [dueOf(turns.free, from, now, maxRows)] : [];
    const passedAt = passed();
    return chain(store.readMessages([...ended, ...later, ...delayed]), ([away = [], laneDelayed = [], ...others]) => {
      const rows = [...away, ...laneDelayed];
      const adopt = (list: readonly OpenMessage[]): QueuedMessage[] => list.flatMap(row => states.adopt(row) ?? []);
      const isFull = away.length === maxRows || laneDelayed.length === maxRows;
      const nextAt = isFull ? now : findNext(others.slice(0, 3));
      return chain(this.#loadLanes([...rows, ...states.claims.listExpired(passedAt)], true), () => {
        // Behind the partitions, whose heads they may be.
        const messages = adopt(rows);
        const offers = isAwaited() ? [...messages, ...adopt(others[3] ?? [])] : [];
        const loaded: LoadedCommand = { ...nothingLoaded, due: { passed: passedAt, messages, nextAt }, offers };
        return chain(this.#loadGivenBack(offers), () => chain(this.#refill(now), () => loaded));
      });
    });
  }

  /** Messages that `due` is about: those whose time has come, and those whose claims have run out. */
  listDue(now: number): Answer<QueuedMessage[]> {
    const { states, store, passed } = this.#options;
    return chain(store.readMessages([turns.away, turns.delayed].map(turn => dueOf(turn, 0, now, maxRows))), answers =>
      chain(this.#loadLanes(answers.flat(), false), () => [...states.claims.listExpired(passed()), ...answers.flat().flatMap(row => states.adopt(row) ?? [])]));
  }

  /** One of those alone. */
  #loadOne(key: number, now: number): Answer<LoadedCommand> {
    return chain(this.listDue(now), due => {
      const ended = due.filter(message => message.key === key);
      return chain(this.#loadLanes(ended, true), () => ({ ...nothingLoaded, ended }));
    });
  }

  // upkeep

  #loadDead(queue: string, messageId: string | undefined, limit: number): Answer<LoadedCommand> {
    const { store } = this.#options;
    const dead = messageId === undefined
      ? store.listMessages({ queue, status: 'dead', limit })
      : chain(store.getMessage(messageId), row => (row?.queue === queue && row.status === 'dead' ? [row] : []));
    return chain(dead, rows => chain(this.#loadLanes(rows, false), () => ({ ...nothingLoaded, rows })));
  }

  /** What waits for one instance: those behind others first, so that nobody takes the place of one that ends. */
  #loadOwn(queue: string, instance: string): Answer<LoadedCommand> {
    const { states, store } = this.#options;
    const requests = [turns.behind, turns.free].map(turn => ({ index: 'messages_open' as const, prefix: [queue, turn, instance], limit: maxRows }));
    return chain(store.readMessages(requests), ([behind = [], free = []]) => {
      const ended = (behind.length > 0 ? behind : free).flatMap(row => states.adopt(row) ?? []);
      return chain(this.#loadLanes(ended, true), () => ({ ...nothingLoaded, ended }));
    });
  }
}

/** The earliest time of what was read. */
const findNext = (answers: readonly (readonly OpenMessage[])[]): number => Math.min(...answers.map(([row]) => row?.dueAt ?? Number.POSITIVE_INFINITY));

/** The name under which a flow claims a message for a step. */
export const toClaimant = (executionId: string, position: number): string => `flow:${executionId}/${position}`;
