import type { EventObject } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import type { ActorCommand, OpenEffect } from './actor-commands.ts';
import { findAction } from './find-action.ts';
import type { HostedActor } from './hosted-actor.ts';
import type { TreeEffect } from './tree-outcome.ts';
import { isMachine, showMeanwhile } from './xstate-internals.ts';

type Action = Extract<TreeEffect, { kind: 'action' }>;
type Exec = (info: unknown, params: unknown) => unknown;

/** The id of an effect as actions are given it: the same in every run, and no other's. */
export const toEffectId = (actorId: string, incarnation: string, id: string): string => `${actorId}@${incarnation}${id}`;

/** Runs what trees have noted (actions of the machines' own, messages to other roots) after the commit, and has it struck off. */
export class ActionRunner {
  readonly #tell: (command: ActorCommand) => void;
  readonly #logger: Logger;
  readonly #running = new Set<string>();

  constructor(tell: (command: ActorCommand) => void, logger: Logger) {
    this.#tell = tell;
    this.#logger = logger;
  }

  run(actor: HostedActor, { id, actor: inner, event, context, seen, exec, params }: Action): void {
    const info = { context, event, self: inner, system: actor.tree.system, effectId: toEffectId(actor.id, actor.tree.incarnation, id) };
    this.#perform(actor, id, inner.sessionId, () => showMeanwhile(inner, seen, () => exec(info, params)));
  }

  /** One that was noted by an earlier process, which may have run it. Where its actor was then is not known: it sees where it is. */
  runAgain(actor: HostedActor, effect: OpenEffect): void {
    const { id, session, place, params } = effect;
    if (this.#running.has(toEffectId(actor.id, actor.tree.incarnation, id))) return;
    if (effect.to !== undefined) return this.send(actor, effect, effect.to);
    const inner = actor.tree.live.get(session) ?? actor.tree.root;
    const logic = actor.tree.getOriginal(inner);
    const exec: Exec | undefined = place !== undefined && isMachine(logic) ? findAction(logic, place) : undefined;
    if (!exec) {
      this.#logger.warn({ actorId: actor.id, effectId: id, action: effect.type }, 'an action cannot be run again: its function or what it was given could not be kept');
      return this.#tell({ type: 'done', id: actor.id, effect: id });
    }
    const info = { context: actor.fromPlain(effect.context), event: actor.fromPlain(effect.event), self: inner, system: actor.tree.system, effectId: toEffectId(actor.id, actor.tree.incarnation, id) };
    this.#perform(actor, id, session, () => exec(info, actor.fromPlain(params)));
  }

  /** Hands on a message to another root. It stays noted until that one has taken it, in the same commit. */
  send(actor: HostedActor, { id, event }: OpenEffect, to: string): void {
    const key = toEffectId(actor.id, actor.tree.incarnation, id);
    if (this.#running.has(key)) return;
    this.#running.add(key);
    // The ids of children may have any sign in them; those of roots and sessions have not.
    const [root = ''] = to.split(/[/#]/);
    const session = to.slice(to.lastIndexOf('#') + 1);
    this.#tell({ type: 'event', id: root, session, event: actor.fromPlain(event) as EventObject, from: { id: actor.id, effect: id } });
  }

  #perform({ id: actorId, tree }: HostedActor, id: string, session: string, work: () => unknown): void {
    const key = toEffectId(actorId, tree.incarnation, id);
    this.#running.add(key);
    const done = (): void => {
      if (this.#running.delete(key)) this.#tell({ type: 'done', id: actorId, effect: id });
    };
    try {
      const result = work();
      if (result instanceof Promise) {
        result.then(done, error => {
          this.#logger.error({ err: error, actorId, effectId: id }, 'an action that an actor does not wait for has failed');
          done();
        });
      } else done();
    } catch (error) {
      done();
      this.#tell({ type: 'failed', id: actorId, session, error });
    }
  }

  /** It is no longer noted. */
  close({ id: actorId, tree }: HostedActor, id: string): void {
    this.#running.delete(toEffectId(actorId, tree.incarnation, id));
  }

  /** What still runs belongs to a runtime that has ended. */
  forget(): void {
    this.#running.clear();
  }
}
