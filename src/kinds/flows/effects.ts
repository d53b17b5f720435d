import type { Logger } from '../../core/logger.ts';
import type { Records } from '../../../persistence/store.ts';
import { type Clock, setDeadline } from '../../core/clock.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { Random } from '../../core/ids.ts';
import type { Changes, Effect } from '../../kernel/changes.ts';
import type { ChildFlows } from './child-flows.ts';
import type { Consolidator } from './consolidation/consolidator.ts';
import { Consolidations } from './consolidation/consolidations.ts';
import type { OwnWrites } from './flow-commands.ts';
import type { Host } from './host.ts';
import type { RunPlace } from '../../kernel/runs.ts';
import { toPing, toRunMessage } from '../../kernel/runs.ts';
import { isBuiltIn } from '../../kernel/consolidated-record.ts';
import type { Message } from '../../kernel/messages.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import { countPostponed } from '../../kernel/back-off.ts';
import { prepareStep } from './preparer.ts';
import { computeRetryDelay } from '../../kernel/fallback.ts';
import type { Resident } from './resident.ts';
import { toRunKey } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import type { RunServices } from './run-session.ts';
import { RunSession } from './run-session.ts';
import type { Running } from './step-runner.ts';
import type { Pong } from './step-session.ts';
import { StepRun } from './step-runner.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import type { DueKind, DueTimes } from '../../engine/due.ts';
import type { Tool } from './tool.ts';
import type { StepPublishing } from '../contract/publishing.ts';
import type { StepActor } from '../../kernel/tree.ts';
import { getActor, isFanOut } from '../../kernel/tree.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

export interface EffectsOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly consolidators: ReadonlyMap<string, Consolidator>;
  /** What is due, and who is told. */
  readonly due: Pick<DueTimes, 'add'>;
  readonly dueKind: DueKind;
  readonly children: ChildFlows;
  readonly maxRunningSteps: number;
  readonly maxOutputBytes: number;
  readonly publishing?: StepPublishing | undefined;
  readonly expressionTimeLimitMs: number;
  /** Whether handlers of this execution may begin now. */
  readonly mayRun: (resident: Resident) => boolean;
  readonly fault: (error: unknown) => void;
  /** What runs may make beside their outputs. */
  readonly services: RunServices;
}

type RunEffect = Extract<Effect, { type: 'run' }>;

/** Carries out what the machines decided, after the commit. */
export class Effects {
  readonly #options: EffectsOptions;
  readonly #host: Host;
  readonly #waiting: { readonly resident: Resident; readonly effect: RunEffect }[] = [];
  readonly #consolidations: Consolidations;
  #running = 0;
  /** Evaluations that were asked for. */
  #asked = 0;
  /** Evaluations that are tried again later: what takes each back. */
  readonly #postponed = new Set<() => void>();
  /** Handlers that were told to stop and have not answered yet. */
  readonly #aborted = new Set<Running>();

  constructor(options: EffectsOptions, host: Host) {
    this.#options = options;
    this.#host = host;
    this.#consolidations = new Consolidations({ ...options, post: (header, message) => this.#post(header, message) });
  }

  /** Handlers and consolidators that run. */
  get running(): number {
    return this.#running + this.#aborted.size + this.#consolidations.running;
  }

  /** Each for itself: what throws fails its flow, and keeps no other from being done. */
  perform(resident: Resident, changes: Changes): void {
    for (const effect of changes.effects) {
      try {
        this.#do(resident, effect);
      } catch (error) {
        if (effect.type === 'consolidate') this.#consolidations.fail(resident, error);
        else this.#host.giveUp(resident, error);
      }
    }
  }

  #do(resident: Resident, effect: Effect): void {
    if (effect.type === 'run') this.#begin(resident, effect);
    else if (effect.type === 'prepare') this.#prepare(resident, effect.position, effect.item);
    else if (effect.type === 'wait') this.#wait(resident, effect.position, effect.item);
    else if (effect.type === 'abort') this.#abort(resident, toRunKey(effect.position, effect.item, effect.run), effect.failure ?? createFailure('runtime_stopped', 'The runtime stops'));
    else if (effect.type === 'abandon') this.#options.children.abandon(resident, effect.position, effect.item);
    else if (effect.type === 'consolidate') this.#consolidate(resident);
    else if (!isBuiltIn(resident.tree.plan)) this.#consolidations.abort(resident.header.executionId);
  }

  /** Whether it listens or not, it holds nobody else up. */
  #abort({ runs }: Resident, key: string, reason: StepFailure): void {
    const run = runs.get(key);
    if (!run) return;
    runs.delete(key);
    this.#running--;
    this.#aborted.add(run);
    run.abort(reason);
    this.#startWaiting();
  }

  #consolidate(resident: Resident): void {
    if (this.#options.mayRun(resident)) this.#consolidations.begin(resident);
  }

  /** Tells every handler to stop; begins none. */
  abortAll(code: string, message: string): void {
    this.#waiting.length = 0;
    for (const takeBack of this.#postponed) takeBack();
    this.#postponed.clear();
    this.#consolidations.abortAll(toAbort(code, message));
    for (const resident of this.#host.residents.values()) {
      for (const key of resident.runs.keys()) this.#abort(resident, key, createFailure(code, message));
    }
  }

  /** Gives back every run that has not answered: it begins again at the next start, without being counted. */
  releaseAll(): void {
    for (const { header, tree } of this.#host.residents.values()) {
      const release = (actor: StepActor): void => {
        if (actor.snapshot.value !== 'running') return;
        this.#post(header, { to: 'step', position: actor.step.position, item: actor.item, event: { type: 'step.release' } });
      };
      for (const actor of tree.actors.values()) isFanOut(actor) ? actor.items.forEach(release) : release(actor);
    }
  }

  #post({ executionId, generation }: Pick<ExecutionHeader, 'executionId' | 'generation'>, message: Message, writes?: OwnWrites): void {
    const command = { type: 'message', executionId, generation, message, writes } as const;
    if (message.to === 'prepared') this.#host.post(command, { order: message.asked });
    else this.#host.post(command, writes && writes.list.length > 0 ? { writes: true } : undefined);
  }

  #find(resident: Resident, position: number, item: number, state: string): StepActor | undefined {
    const actor = getActor(resident.tree, position, item);
    return actor && !isFanOut(actor) && actor.snapshot.value === state ? actor : undefined;
  }

  #begin(resident: Resident, effect: RunEffect): void {
    const { position, item, run } = effect;
    const actor = this.#find(resident, position, item, 'running');
    if (!actor || actor.snapshot.context.run !== run) return;
    if (!this.#options.mayRun(resident)) {
      this.#post(resident.header, { to: 'step', position, item, event: { type: 'step.release' } });
      return;
    }
    if (this.#running >= this.#options.maxRunningSteps) {
      this.#waiting.push({ resident, effect });
      return;
    }
    const { step } = actor;
    if (step.with && !step.with.constant && actor.input === undefined) {
      // Restored: what its expressions came to is in the store.
      this.#running++;
      this.#recallInput(resident, actor)
        .finally(() => this.#running--)
        .then(() => this.#begin(resident, effect))
        .catch(error => this.#noteTrouble(resident, effect, error));
      return;
    }
    this.#run(resident, actor, effect);
  }

  async #recallInput({ header }: Resident, actor: StepActor): Promise<void> {
    const text = await this.#options.store.getInput(header.key, actor.step.position, actor.item);
    actor.input = text === undefined ? null : readStored('inputs.input', toRowKey(header.key, actor.step.position, actor.item), text);
  }

  /** What keeps a run from beginning fails it, unless it is the store. */
  #noteTrouble(resident: Resident, effect: RunEffect, error: unknown): void {
    if (isStoreTrouble(error)) this.#options.fault(error);
    else this.#report(resident, effect, { type: 'failed', failure: toFailure(error, false) });
  }

  #run(resident: Resident, actor: StepActor, effect: RunEffect): void {
    const { header, runs } = resident;
    const { step } = actor;
    const tool = this.#options.tools.get(step.target);
    const ping = toPing(header, actor);
    if (!tool) {
      const failure = createFailure('tool_unknown', `Expected a tool named "${step.target}", this runtime has none`);
      this.#report(resident, effect, { type: 'failed', failure });
      return;
    }
    // Not the effect itself: what a handler that runs holds outlives the tick that it is of.
    const { position, item, run } = effect;
    const key = toRunKey(position, item, run);
    this.#running++;
    const open = (): RunSession => {
      resident.hasMade = true;
      return new RunSession(this.#options.services, resident, actor);
    };
    const closes = step.artifacts.length > 0 || run > ping.attempt;
    const running = new StepRun(ping, tool, this.#options, open, closes, (pong, late) => {
      if (late) {
        this.#aborted.delete(running);
      } else {
        this.#running--;
        runs.delete(key);
      }
      this.#report(resident, { position, item, run }, pong);
      if (this.#waiting.length > 0) this.#startWaiting();
    });
    runs.set(key, running);
    running.begin();
  }

  #startWaiting(): void {
    while (this.#running < this.#options.maxRunningSteps) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#begin(next.resident, next.effect);
    }
  }

  #report(resident: Resident, place: RunPlace, pong: Pong): void {
    try {
      const message = this.#toMessage(resident, place, pong);
      if (resident.tree.flow.status === 'done') this.#host.post({ type: 'late', resident, message });
      else if (pong.type === 'failed' || (!pong.writes && !pong.posts)) this.#post(resident.header, message);
      else this.#post(resident.header, message, { list: pong.writes ?? [], posts: pong.posts ?? [], toFailed: failure => this.#toMessage(resident, place, { type: 'failed', failure }) });
    } catch (error) {
      this.#host.giveUp(resident, error);
    }
  }

  #toMessage(resident: Resident, place: RunPlace, pong: Pong): Extract<Message, { to: 'step' }> {
    return toRunMessage(resident.tree, place, pong, this.#host.now(), () => this.#options.random.next());
  }

  #prepare(resident: Resident, position: number, item: number): void {
    const { header, tree, input, outputs } = resident;
    if (!this.#options.mayRun(resident)) return;
    const { store, expressionTimeLimitMs: timeLimitMs, maxOutputBytes: maxBytes } = this.#options;
    const asked = ++this.#asked;
    prepareStep(store, { tree, executionKey: header.key, input, position, item, outputs, now: this.#host.now(), timeLimitMs, maxBytes }).then(
      prepared => {
        const attempt = countPostponed(tree, position, item) + 1;
        this.#post(header, { to: 'prepared', position, item, prepared, asked });
        if (prepared.type === 'again') this.#postpone(resident, position, item, computeRetryDelay(tree.plan.steps[position] as PlannedStep, attempt, this.#options.random.next()));
      },
      error => (isStoreTrouble(error) ? this.#options.fault(error) : this.#host.giveUp(resident, error)),
    );
  }

  #postpone(resident: Resident, position: number, item: number, delayMs: number): void {
    const { executionId } = resident.header;
    const takeBack = setDeadline(this.#options.clock, delayMs, () => {
      this.#postponed.delete(takeBack);
      if (this.#host.residents.get(executionId) === resident) this.#post(resident.header, { to: 'again', position, item });
    });
    this.#postponed.add(takeBack);
  }

  #wait(resident: Resident, position: number, item: number): void {
    const { header, tree } = resident;
    const actor = getActor(tree, position, item);
    // A flow that has left memory is woken by the store's own due time.
    if (!actor || isFanOut(actor) || this.#host.residents.get(header.executionId) !== resident) return;
    const { value, context } = actor.snapshot;
    if (context.dueAt !== null) this.#options.due.add({ at: context.dueAt, of: this.#options.dueKind, key: header.executionId, place: position, part: item });
    if (value === 'waiting' && actor.step.role === 'flow' && this.#options.mayRun(resident)) this.#options.children.begin(resident, actor);
  }
}

const toAbort = (code: string, message: string): Error => Object.assign(new Error(message), { name: 'AbortError', code });
