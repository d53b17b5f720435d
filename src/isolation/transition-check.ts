import { readEntries } from '../core/journal-text.ts';
import type { ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { toFanOutInput } from '../kernel/fan-out-input.ts';
import { toFlowInput } from '../kernel/tree.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import type { Machines } from '../kernel/machines.ts';
import { toStepInput } from '../kernel/tree.ts';
import { toLocalAddress } from '../core/address.ts';

type Runner = {
  readonly initial: (input: object) => Snapshot<object>;
  readonly transition: (snapshot: Snapshot<object>, event: { readonly type: string }, effects: string[]) => Snapshot<object>;
};

interface Actor {
  readonly runner: Runner;
  snapshot: Snapshot<object>;
}

/** Sends the transitions of one execution through the machines again: whatever another process wrote, only what they allow is stored. */
export class TransitionCheck {
  readonly #plan: FlowPlan;
  readonly #runners: Readonly<Record<'flow' | 'step' | 'fanOut', Runner>>;
  readonly #maxInterruptions: number;
  readonly #actors = new Map<string, Actor>();
  #seq = 0;

  constructor(plan: FlowPlan, machines: Machines, maxInterruptions: number) {
    this.#plan = plan;
    this.#runners = machines as unknown as Readonly<Record<'flow' | 'step' | 'fanOut', Runner>>;
    this.#maxInterruptions = maxInterruptions;
  }

  /** @throws a `TypeError` that names the first transition or row which the machines do not allow */
  check(key: number, batch: CommitBatch): void {
    for (const row of batch.journal) if (row.executionKey === key) this.#replay(row.seq, JSON.parse(row.entries) as readonly (readonly unknown[])[]);
    for (const row of batch.executions) if (row.key === key) this.#compareFlow(row);
    for (const row of batch.progress) if (row.key === key && row.seq !== this.#seq) throw new TypeError(`the execution stands at transition ${row.seq}, its journal at ${this.#seq}`);
    for (const row of batch.steps) if (row.executionKey === key) this.#compareStep(row);
  }

  #replay(seq: number, list: readonly (readonly unknown[])[]): void {
    if (!Array.isArray(list) || !list.every(Array.isArray)) throw new TypeError('a journal row is not a list');
    if (seq !== this.#seq + 1) throw new TypeError(`transition ${seq} follows ${this.#seq}`);
    for (const [address, event, state] of readEntries(list)) {
      this.#seq++;
      const actor = this.#actors.get(address) ?? (state === null && address !== '' ? undefined : this.#create(address));
      if (!actor) continue;
      const after = actor.runner.transition(actor.snapshot, event, []);
      const reached = after === actor.snapshot ? null : after.value;
      if (reached !== state) throw new TypeError(`transition ${this.#seq}: ${event.type} leads ${address || 'the flow'} from ${actor.snapshot.value} to ${reached ?? 'nowhere'}, not to ${state}`);
      actor.snapshot = after;
    }
  }

  #create(address: string): Actor {
    const actor = this.#describe(address);
    this.#actors.set(address, actor);
    return actor;
  }

  #describe(address: string): Actor {
    const { mode, steps, positions } = this.#plan;
    const { flow, step: task, fanOut } = this.#runners;
    if (address === '') return { runner: flow, snapshot: flow.initial(toFlowInput(this.#plan)) };
    const bracket = address.indexOf('[');
    const step = steps[positions.get(bracket < 0 ? address : address.slice(0, bracket)) ?? -1];
    if (!step) throw new TypeError(`no step is called ${address}`);
    if (step.forEach && bracket < 0) return { runner: fanOut, snapshot: fanOut.initial(toFanOutInput(mode, step)) };
    return { runner: task, snapshot: task.initial(toStepInput(step, this.#maxInterruptions)) };
  }

  #compareFlow(row: ExecutionRecord): void {
    const { value } = this.#actors.get('')?.snapshot ?? this.#describe('').snapshot;
    if (row.status !== value || row.seq !== this.#seq) throw new TypeError(`the execution is ${row.status} at transition ${row.seq}, its journal says ${value} at ${this.#seq}`);
  }

  #compareStep(row: StepRecord): void {
    const address = toLocalAddress(row.stepId, row.item);
    const value = this.#actors.get(address)?.snapshot.value;
    if (this.#plan.steps[row.position]?.id !== row.stepId || row.status !== value) throw new TypeError(`the step ${address} is ${row.status}, its journal says ${value ?? 'nothing'}`);
  }
}
