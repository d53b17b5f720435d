import type { AnyActorLogic, InspectionEvent } from 'xstate';
import { toKind } from '../../src/kinds/actors/xstate-internals.ts';
import type { CorpusMachine, Driven, ScriptStep } from './driven.ts';
import { follow } from './script.ts';

interface Shown {
  readonly id: string;
  readonly sessionId: string;
  readonly logic: AnyActorLogic;
  readonly _parent?: Shown | undefined;
  getSnapshot(): { readonly status: string };
}

/** What is told of each actor, one line per event, whatever the sessions are called: `root/payment 2` is the second at that path. */
export class InspectedStory {
  readonly lines = new Map<string, string[]>();
  /** Events that a tool could not draw. */
  readonly faults: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** One of the actors is a callback. */
  hasCallback = false;
  /** Callbacks that failed: of these more is told here. */
  readonly broken = new Set<string>();
  /** The end of the driving is no part of it. */
  isOver = false;

  readonly note = (event: InspectionEvent): void => {
    if (this.isOver || event.rootId === 'orchestrator') return;
    const actor = event.actorRef as unknown as Shown;
    if (event.type === '@xstate.actor') this.#name(actor);
    if (event.type === '@xstate.actor' && toKind(actor.logic) === 'callback') this.hasCallback = true;
    const name = this.#names.get(actor.sessionId);
    if (name === undefined) return void this.faults.push(`${event.type} of ${actor.sessionId}, which was not announced`);
    if (this.#names.get(event.rootId) !== 'root') this.faults.push(`${event.type} of ${name} with the root ${event.rootId}`);
    // Live actors are told of what is sent to them after their end; here nothing is left to tell it of.
    if (event.type === '@xstate.event' && event.event.type !== 'xstate.init' && actor.getSnapshot().status !== 'active') return;
    if (event.type === '@xstate.snapshot' && event.snapshot.status === 'error' && toKind(actor.logic) === 'callback') this.broken.add(name);
    this.lines.get(name)?.push(this.#toLine(event));
  };

  #name(actor: Shown): void {
    const path = toPath(actor);
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    const name = count === 1 ? path : `${path} ${count}`;
    if (this.#names.has(actor.sessionId)) this.faults.push(`${name} was announced twice`);
    this.#names.set(actor.sessionId, name);
    this.lines.set(name, []);
  }

  #toLine(event: InspectionEvent): string {
    const kind = event.type.slice('@xstate.'.length);
    if (event.type === '@xstate.actor') return kind;
    if (event.type === '@xstate.action') return `${kind} ${event.action.type}`;
    if (event.type === '@xstate.event') return `${kind} ${event.event.type}${event.sourceRef ? ` from ${toPath(event.sourceRef as unknown as Shown)}` : ''}`;
    const { status, value } = event.snapshot as { status: string; value?: unknown };
    return `${kind} ${event.event.type} ${status} ${JSON.stringify(value) ?? ''}`.trimEnd();
  }
}

/** Sends a machine through a script and notes what is told of it. */
export async function hearStory(drive: (entry: CorpusMachine, options: { readonly inspect: (event: InspectionEvent) => void }) => Driven, entry: CorpusMachine, script: readonly ScriptStep[]): Promise<InspectedStory> {
  const story = new InspectedStory();
  await follow(one => {
    const driven = drive(one, { inspect: story.note });
    return { ...driven, stop: () => ((story.isOver = true), driven.stop()) };
  }, entry, script);
  return story;
}

const toPath = ({ id, _parent }: Shown): string => (_parent ? `${toPath(_parent)}/${id.replace(/^x:.*/, '?')}` : id);
