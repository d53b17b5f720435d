import { type Chart, type ChartValue, findTaken, listActive } from './chart.ts';
import { readChart } from './read-chart.ts';

/** An actor of an application that is inspected. */
export interface InspectedActor {
  readonly sessionId: string;
  readonly name: string;
  readonly parentId: string | undefined;
  readonly rootId: string | undefined;
  /** Undefined: it is no machine, or its machine cannot be drawn. */
  readonly chart: Chart | undefined;
  /** `active`, `done`, `error`, `stopped`. */
  readonly status: string;
  /** Undefined: it is no machine. */
  readonly value: ChartValue | undefined;
  readonly context: unknown;
  readonly output: unknown;
  /** Ids of the states that are active, for the statechart. */
  readonly active: ReadonlySet<string>;
  /** Ids of the transitions that were taken last. */
  readonly taken: ReadonlySet<string>;
}

/** Something that was told, in the order in which it came. */
export interface InspectedEvent {
  /** 1-based. */
  readonly number: number;
  readonly kind: 'actor' | 'event' | 'snapshot';
  readonly sessionId: string;
  /** Who sent the event; undefined: nobody who is known. */
  readonly sourceId: string | undefined;
  /** The event's type; empty for an actor. */
  readonly type: string;
  /** The event as it was told. */
  readonly event: unknown;
  /** Epoch ms, as the application says. */
  readonly at: number;
  /** The state after it, of a snapshot. */
  readonly value: ChartValue | undefined;
}

/** What is kept of an application, at most. A definition that is longer is not drawn. */
const [maxEvents, maxActors, maxDefinition] = [10_000, 5_000, 1_000_000];

type Members = { readonly [key: string]: unknown };
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const toText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const none: ReadonlySet<string> = new Set();

function isValue(value: unknown, depth = 0): value is ChartValue {
  return typeof value === 'string' || (depth < 40 && isMembers(value) && Object.values(value).every(inner => isValue(inner, depth + 1)));
}

function readDefinition(text: unknown): Chart | undefined {
  if (typeof text !== 'string' || text.length > maxDefinition) return undefined;
  try {
    const chart = readChart(JSON.parse(text));
    return typeof chart === 'string' ? undefined : chart;
  } catch {
    // No JSON: an actor without a picture.
    return undefined;
  }
}

/** What a snapshot says of an actor. */
function readSnapshot(snapshot: unknown, chart: Chart | undefined): Pick<InspectedActor, 'status' | 'value' | 'context' | 'output' | 'active'> {
  const { status, value, context, output } = isMembers(snapshot) ? snapshot : ({} as Members);
  const known = isValue(value) ? value : undefined;
  return { status: toText(status) ?? 'active', value: known, context, output, active: chart && known !== undefined ? listActive(chart, known) : none };
}

/**
 * All that is known of an application that is inspected by `@statelyai/inspect` 0.7 or by XState itself.
 *
 * Keeps the last 10,000 events and at most 5,000 actors; of actors beyond that those that have ended go first. An actor that
 * has not changed is the same object as before.
 */
export class InspectedApp {
  readonly #actors = new Map<string, InspectedActor>();
  #events: InspectedEvent[] = [];
  #told = 0;
  #refused = 0;

  /** By session id, in the order in which they were first heard of. */
  get actors(): ReadonlyMap<string, InspectedActor> {
    return this.#actors;
  }

  /** The last events, oldest first. */
  get events(): readonly InspectedEvent[] {
    return this.#events;
  }

  /** How many events came that could be read, with those that are not kept any more. */
  get told(): number {
    return this.#told;
  }

  /** How many could not be read. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Takes in what was told: `@xstate.actor`, `@xstate.event` or `@xstate.snapshot`, parsed.
   *
   * Takes anything: what cannot be read is counted, and changes nothing else.
   *
   * @returns what was made of it; undefined: nothing
   */
  take(told: unknown): InspectedEvent | undefined {
    const members = isMembers(told) ? told : ({} as Members);
    const sessionId = toText(members['sessionId']);
    const kind = members['type'] === '@xstate.actor' ? 'actor' : members['type'] === '@xstate.event' ? 'event' : members['type'] === '@xstate.snapshot' ? 'snapshot' : undefined;
    if (sessionId === undefined || kind === undefined) {
      this.#refused++;
      return undefined;
    }
    const { event } = members;
    const type = isMembers(event) ? toText(event['type']) : undefined;
    if (kind === 'actor') this.#put(toActor(sessionId, members));
    if (kind === 'snapshot') this.#put(move(this.#actors.get(sessionId) ?? toActor(sessionId, { rootId: members['rootId'] }), members['snapshot'], type));
    const createdAt = Number(typeof members['createdAt'] === 'string' ? members['createdAt'] : Number.NaN);
    const entry: InspectedEvent = {
      number: ++this.#told, kind, sessionId, sourceId: toText(members['sourceId']), type: type ?? '', event,
      at: Number.isFinite(createdAt) ? createdAt : 0, value: kind === 'event' ? undefined : this.#actors.get(sessionId)?.value,
    };
    this.#events.push(entry);
    // A tenth at a time, so that it costs little.
    if (this.#events.length > maxEvents) this.#events = this.#events.slice(maxEvents / 10);
    return entry;
  }

  #put(actor: InspectedActor): void {
    this.#actors.set(actor.sessionId, actor);
    if (this.#actors.size <= maxActors) return;
    let oldest: string | undefined;
    for (const { sessionId, status } of this.#actors.values()) {
      if (sessionId === actor.sessionId) continue;
      oldest ??= sessionId;
      if (status === 'active') continue;
      oldest = sessionId;
      break;
    }
    this.#actors.delete(oldest!);
  }
}

function toActor(sessionId: string, { name, parentId, rootId, definition, snapshot }: Members): InspectedActor {
  const chart = readDefinition(definition);
  return { sessionId, name: toText(name) ?? sessionId, parentId: toText(parentId), rootId: toText(rootId), chart, ...readSnapshot(snapshot, chart), taken: none };
}

function move(actor: InspectedActor, snapshot: unknown, type: string | undefined): InspectedActor {
  const next = readSnapshot(snapshot, actor.chart);
  const { chart, value: from } = actor;
  const taken = chart && from !== undefined && next.value !== undefined && type !== undefined ? findTaken(chart, { event: type, from, to: next.value }) : none;
  return { ...actor, ...next, taken };
}
