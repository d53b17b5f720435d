import { type ReadonlySignal, signal } from '@preact/signals';
import type { StepFailure } from '../../core/failure.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import type { InspectedAttempt, InspectedCommit, InspectedExecution, InspectedText } from '../document/inspected-execution.ts';
import { revivePlan } from '../document/revive-plan.ts';
import { type ActorState, History } from '../replay/history.ts';

/** Transitions replayed before the page is drawn again. */
const sliceSize = 8_000;

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
  readonly #document = signal<InspectedExecution>(undefined as unknown as InspectedExecution);
  /** Grows with everything that is told. */
  readonly #version = signal(0);
  readonly #replayed = signal(0);
  #isReplaying = false;
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
        this.#replayed.value = this.history.replayed;
        if (isDone) break;
        await nextTurn();
      }
    } finally {
      this.#isReplaying = false;
      this.#version.value++;
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
