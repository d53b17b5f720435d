import type { EventObject } from 'xstate';
import type { Logger } from '../../core/logger.ts';
import { ActionRunner } from './action-runner.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { HostedActor } from './hosted-actor.ts';
import { toldEffect } from './step-actors.ts';
import type { TreeEffect } from './tree-outcome.ts';
import type { AnySnapshot, Inner } from './xstate-internals.ts';

/** What is told of an actor after a commit. */
export interface ActorNews {
  snapshot(id: string, actor: Inner, snapshot: AnySnapshot): void;
  emitted(id: string, actor: Inner, event: EventObject): void;
  /** Something of its tree has changed, so it may be there as another object. */
  renewed(id: string, live: ReadonlyMap<string, Inner>): void;
  /** Nothing of them moves any more, unless the runtime begins anew. */
  ended(error: Error): void;
}

export interface PerformerOptions {
  readonly news: ActorNews;
  readonly logger: Logger;
  readonly tell: (command: ActorCommand) => void;
}

/** Acts on what trees have decided; called only after a commit. */
export class ActorPerformer {
  readonly #options: PerformerOptions;
  readonly #runner: ActionRunner;

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#runner = new ActionRunner(options.tell, options.logger);
  }

  perform(actor: HostedActor): void {
    const { news, logger } = this.#options;
    const { tree, services } = actor;
    const fresh = new Set<string>();
    for (const { effects, notices } of actor.outcomes) {
      for (const effect of effects) {
        if (effect.kind === 'action') {
          fresh.add(effect.id);
          if (actor.open.has(effect.id)) this.#runner.run(actor, effect);
        } else if (effect.kind === 'emit') news.emitted(actor.id, effect.actor, effect.event);
        else if (effect.kind === 'log') logger.info({ actorId: actor.id, values: effect.values }, 'an actor logs');
        else if (effect.kind === 'stop') services.stop(effect.actor.sessionId);
        else if (effect.kind === 'receive') this.#receive(actor, effect.actor.sessionId, effect.event);
        else if (effect.kind === 'send') this.#send(actor, effect);
        else if (tree.live.get(effect.actor.sessionId)?._snapshot.status === 'active') this.#startService(actor, effect.actor);
      }
      this.#tellNews(actor, notices);
    }
    // What was at work when the process died, and what could not begin before.
    for (const [id, effect] of actor.open) if (!fresh.has(id) && id !== toldEffect) this.#runner.runAgain(actor, effect);
    for (const inner of actor.listServices()) this.#startService(actor, inner);
    this.#sweep(actor);
    this.#renew(actor);
  }

  #send(actor: HostedActor, { id, to, event }: Extract<TreeEffect, { kind: 'send' }>): void {
    // What is no actor of this runtime is not noted: it has the message now, or never.
    if (!actor.open.has(id)) void (to as unknown as { send(event: unknown): unknown }).send(event);
  }

  /** Tells what has changed, and begins nothing. */
  announce(actor: HostedActor): void {
    for (const { notices } of actor.outcomes) this.#tellNews(actor, notices);
    this.#sweep(actor);
    this.#renew(actor);
  }

  #tellNews(actor: HostedActor, notices: HostedActor['outcomes'][number]['notices']): void {
    for (const { actor: inner, snapshot } of notices) this.#options.news.snapshot(actor.id, inner, snapshot);
  }

  #sweep({ services, tree }: HostedActor): void {
    if (services.size > 0) services.sweep(session => tree.live.has(session));
  }

  #renew({ id, outcomes, tree }: HostedActor): void {
    if (outcomes.length > 0) this.#options.news.renewed(id, tree.live);
  }

  #startService(actor: HostedActor, inner: Inner): void {
    this.#attempt(actor, inner.sessionId, () => actor.services.start(actor.tree, inner, actor.toRun(inner.sessionId), actor.toPromiseOptions(inner)));
  }

  /** What it is sent by the first tick of a process comes before it has begun again. */
  #receive(actor: HostedActor, session: string, event: EventObject): void {
    const inner = actor.tree.live.get(session);
    if (inner?._snapshot.status === 'active') this.#startService(actor, inner);
    this.#attempt(actor, session, () => actor.services.receive(session, event));
  }

  #attempt(actor: HostedActor, session: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.tell({ type: 'failed', id: actor.id, session, error });
    }
  }

  /** An effect is no longer noted. */
  close(actor: HostedActor, effect: string): void {
    this.#runner.close(actor, effect);
  }

  /** What still runs belongs to a runtime that has ended. */
  forget(): void {
    this.#runner.forget();
  }
}
