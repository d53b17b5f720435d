import { type ReadonlySignal, signal } from '@preact/signals';
import { systemClock } from '../../core/clock.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import { readStepActorId } from '../../kernel/actor-call.ts';
import type { InspectedActor, InspectedAttempt, InspectedCommit, InspectedExecution, InspectedText } from '../document/inspected-execution.ts';
import { revivePlan } from '../document/revive-plan.ts';
import { type ActorState, History } from '../replay/history.ts';

/** Transitions replayed before the page has a turn. */
const sliceSize = 8_000;
/** Shortest time between two looks at how far it is, ms. */
const showMs = 250;

/** Waits until the page has had a turn. */
const nextTurn = (): Promise<void> =>
  new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });

/** One execution as the page has it: what was told of it, and its journal replayed. */
export class ExecutionModel {
  readonly history: History;
  wantsItems = false;
  /** Set by whoever reads it. */
  askForItems = (): void => {};
  readonly #document = signal<InspectedExecution>(undefined as unknown as InspectedExecution);
  /** Grows with everything that is told. */
  readonly #version = signal(0);
  readonly #replayed = signal(0);
  #isReplaying = false;
  #isLoading = false;
  #shownAt = 0;
  #attempts: ReadonlyMap<string, readonly InspectedAttempt[]> | undefined;
  #attemptsOf: InspectedExecution['attempts'] | undefined;

  constructor(document: InspectedExecution) {
    this.#document.value = document;
    this.history = new History(revivePlan(document.plan), document.maxInterruptions, document.steps);
    this.history.append(document.commits);
  }

  get document(): InspectedExecution {
    return this.#document.value;
  }

  /** Read where something is drawn that grows with the journal. */
  get version(): ReadonlySignal<number> {
    return this.#version;
  }

  get replayed(): ReadonlySignal<number> {
    return this.#replayed;
  }

  get steps(): readonly PlannedStep[] {
    return this.history.plan.steps;
  }

  /** Replays what has come, a slice at a time, so that the page can be used meanwhile. */
  async replay(): Promise<void> {
    if (this.#isReplaying) return;
    this.#isReplaying = true;
    try {
      for (;;) {
        const isDone = this.history.replay(sliceSize);
        this.#show(isDone && !this.#isLoading);
        if (isDone) break;
        await nextTurn();
      }
    } finally {
      this.#isReplaying = false;
    }
  }

  /** What is drawn on the way takes its time from the replay. */
  #show(isAll: boolean): void {
    const now = systemClock.now();
    if (!isAll && this.#replayed.value > 0 && now - this.#shownAt < showMs) return;
    this.#shownAt = now;
    this.#replayed.value = this.history.replayed;
    if (isAll) this.#version.value++;
  }

  /** Takes pieces of the journal as they are read; what grows with it is drawn when all of it is here. */
  async load(pieces: AsyncIterable<readonly InspectedCommit[]>): Promise<void> {
    this.#isLoading = true;
    try {
      for await (const commits of pieces) {
        this.history.append(commits);
        void this.replay();
      }
    } finally {
      this.#isLoading = false;
      await this.replay();
    }
  }

  /** Takes commits that came later. */
  append(commits: readonly InspectedCommit[]): void {
    this.history.append(commits);
    this.#version.value++;
    void this.replay();
  }

  /** Takes what is told beside the journal, as it is now. */
  update(document: Partial<InspectedExecution>): void {
    this.#document.value = { ...this.#document.value, ...document };
    this.#version.value++;
  }

  /** Has rows of items read, too: of large lists they are read when one is looked at. */
  needItems(): void {
    if (this.wantsItems || this.document.rows === 'all') return;
    this.wantsItems = true;
    this.askForItems();
  }

  /** Whether what is stored of items is in the document, if there is any. */
  get hasItems(): boolean {
    return this.document.rows === 'all' || this.steps.every(step => step.forEach === null);
  }

  /** Runs of an actor that have ended. */
  listAttempts(address: string): readonly InspectedAttempt[] {
    const { attempts } = this.document;
    if (this.#attemptsOf !== attempts || !this.#attempts) {
      const byAddress = new Map<string, InspectedAttempt[]>();
      for (const attempt of attempts) {
        const id = this.steps[attempt.position]?.id ?? '';
        const place = attempt.item < 0 ? id : `${id}[${attempt.item}]`;
        byAddress.set(place, [...(byAddress.get(place) ?? []), attempt]);
      }
      this.#attempts = byAddress;
      this.#attemptsOf = attempts;
    }
    return this.#attempts.get(address) ?? [];
  }

  /** What an actor was given, as far as it is known; undefined: nothing. */
  findInput(address: string): InspectedText | undefined {
    if (address === '') return this.document.execution.input;
    const step = this.history.findStep(address);
    if (!step) return undefined;
    const item = toItem(address);
    const stored = this.document.inputs.find(input => input.position === step.position && input.item === item);
    if (stored) return stored.input;
    if (item >= 0 && !step.with) return this.#findItem(step, item);
    return step.with?.constant ? toText(step.with.value) : undefined;
  }

  #findItem(step: PlannedStep, item: number): InspectedText | undefined {
    const list = this.document.inputs.find(input => input.position === step.position && input.item === -1)?.input;
    if (!list || list.text.length < list.length) return undefined;
    return toText((JSON.parse(list.text) as unknown[])[item]);
  }

  /** What an actor has come to; undefined: nothing yet. */
  findOutput(address: string): InspectedText | undefined {
    return this.listAttempts(address).findLast(({ status }) => status === 'completed')?.output ?? undefined;
  }

  /** Machines of people's own that a step or an item is. */
  findActors(address: string): readonly InspectedActor[] {
    const { actors, execution } = this.document;
    const [id, item] = [this.history.findStep(address)?.id, toItem(address)];
    return actors.filter(({ view }) => {
      const place = readStepActorId(view.id);
      return place?.executionId === execution.executionId && place.stepId === id && (item < 0 || place.item === item);
    });
  }

  /** Why an actor failed, was skipped or cancelled, or is tried again. */
  findFailure(address: string, seq: number): StepFailure | undefined {
    const context = this.history.getState(address, seq)?.context as { readonly failure?: StepFailure | null } | undefined;
    return context?.failure ?? undefined;
  }
}

export function toItem(address: string): number {
  const bracket = address.indexOf('[');
  return bracket < 0 ? -1 : Number(address.slice(bracket + 1, -1));
}

const toText = (value: unknown): InspectedText | undefined => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : { text, length: text.length };
};

/** An actor's state, in the words of the page. */
export const toStatus = (state: ActorState | undefined): string => state?.value ?? 'pending';
