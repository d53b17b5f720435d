import { toLocalAddress } from '../../core/address.ts';
import type { JournalEntry } from '../../core/journal-text.ts';
import { readEntries } from '../../core/journal-text.ts';
import type { Snapshot } from '../../core/machine-runner.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import { toStepInput } from '../../kernel/tree.ts';
import { toFanOutInput } from '../../kernel/fan-out-input.ts';
import { toFlowInput } from '../../kernel/tree.ts';
import type { Machines } from '../../kernel/machines.ts';
import { compiledMachines } from '../../kernel/machines.ts';
import type { InspectedCommit, InspectedRow } from '../document/inspected-execution.ts';

export type MachineName = 'flow' | 'step' | 'fanOut';

/** How an actor stood after a transition. */
export interface ActorState extends Snapshot<object> {
  /** The replay came to another state than was stored: the stored one is shown, and the context is the last that was known. */
  readonly isUncertain?: true;
}

/** A transition of the journal. */
export interface Transition {
  /** From 1. */
  readonly seq: number;
  readonly at: number;
  /** The number of its commit, from 0. */
  readonly commit: number;
  /** Below the flow; `''`: the flow itself. */
  readonly address: string;
  readonly event: { readonly type: string; readonly [name: string]: unknown };
  /** The state reached; null: recorded and ignored. */
  readonly state: string | null;
}

/** A transition that did not lead to what was stored. */
export interface Mismatch {
  readonly seq: number;
  readonly address: string;
  readonly what: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** All states of one actor, each with the number of the transition that led to it. */
interface Track {
  readonly machine: MachineName;
  readonly seqs: number[];
  readonly states: ActorState[];
  readonly initial: ActorState;
}

type Runner = {
  readonly initial: (input: object) => Snapshot<object>;
  readonly restore: (value: string, context: object) => Snapshot<object>;
  readonly transition: (snapshot: Snapshot<object>, event: { readonly type: string }, effects: string[]) => Snapshot<object>;
};

const maxMismatches = 100;

/**
 * A journal sent through the machines once more: every state of every actor, with what led to it.
 *
 * Each actor keeps its states in their order, so that any transition is looked at without replaying the ones before it, and
 * memory grows with the transitions, not with transitions times actors. Every state is compared with the one that the
 * journal names; the first that differs is told, and from there on the stored states are shown.
 */
export class History {
  readonly plan: FlowPlan;
  /** Crashes after which a step fails, as far as is known. */
  maxInterruptions: number;
  readonly #runners: Readonly<Record<MachineName, Runner>>;
  readonly #tracks = new Map<string, Track>();
  readonly #kept = new Map<string, ActorState>();
  readonly #entries: JournalEntry[] = [];
  /** By commit: number of its first transition, and when it was. */
  readonly #commitSeqs: number[] = [];
  readonly #commitTimes: number[] = [];
  readonly #mismatches: Mismatch[] = [];
  /** By step: how often it, or an item of it, has moved. */
  readonly #activity = new Map<string, number>();
  #replayed = 0;
  #different = 0;

  constructor(plan: FlowPlan, maxInterruptions: number, rows: readonly InspectedRow[] = [], machines: Machines = compiledMachines) {
    this.plan = plan;
    this.maxInterruptions = maxInterruptions;
    this.#runners = machines as unknown as Readonly<Record<MachineName, Runner>>;
    for (const row of rows) {
      // An earlier generation has told its story.
      if (row.kept) this.#kept.set(toLocalAddress(row.stepId, row.item), { value: row.status, context: { attempt: row.attempt, failure: row.failure }, status: 'done' });
    }
    this.#tracks.set('', this.#createTrack(''));
  }

  /** Transitions there are, replayed or not. */
  get length(): number {
    return this.#entries.length;
  }

  get replayed(): number {
    return this.#replayed;
  }

  get commits(): number {
    return this.#commitSeqs.length;
  }

  get mismatches(): readonly Mismatch[] {
    return this.#mismatches;
  }

  /** How many transitions differ; only the first of them are told. */
  get different(): number {
    return this.#different;
  }

  /** Addresses of all actors that have begun, in the order in which they did. */
  get addresses(): Iterable<string> {
    return this.#tracks.keys();
  }

  /** Takes commits without replaying them yet. One that is known already is left out. */
  append(commits: readonly InspectedCommit[]): void {
    for (const [seq, at, list] of commits) {
      if (list.length === 0 || seq + list.length - 1 <= this.length) continue;
      const entries = readEntries(list);
      const from = this.length + 1;
      if (seq !== from && seq > from) this.#note(seq, '', 'sequence', String(from), String(seq));
      this.#commitSeqs.push(from);
      this.#commitTimes.push(at);
      for (const entry of seq < from ? entries.slice(from - seq) : entries) this.#entries.push(entry);
    }
  }

  /**
   * Replays up to `most` of the transitions that have been appended.
   *
   * @returns whether all are replayed now
   */
  replay(most = Number.POSITIVE_INFINITY): boolean {
    const end = Math.min(this.#entries.length, this.#replayed + most);
    for (let place = this.#replayed; place < end; place++) this.#apply(place + 1, this.#entries[place] as JournalEntry);
    this.#replayed = end;
    return end === this.#entries.length;
  }

  #apply(seq: number, [address, event, state]: JournalEntry): void {
    let track = this.#tracks.get(address);
    if (!track) {
      // An event for an actor that never began finds nobody.
      if (state === null) return;
      if (address !== '' && !this.findStep(address)) return this.#note(seq, address, 'address', 'a step of the definition', address);
      track = this.#createTrack(address);
      this.#tracks.set(address, track);
    }
    const runner = this.#runners[track.machine];
    const before = track.states.at(-1) ?? track.initial;
    let after: ActorState;
    try {
      after = runner.transition(before, event, []);
    } catch (error) {
      this.#note(seq, address, `${event.type} threw`, String(error), state);
      after = before;
    }
    if (event.type === 'attempt.interrupted' && after.value !== state) after = this.#learnLimit(runner, before, event, state) ?? after;
    const reached = after === before ? null : after.value;
    if (reached !== state) {
      this.#note(seq, address, `state after ${event.type}`, reached, state);
      after = state === null ? before : { ...runner.restore(state, before.context), isUncertain: true };
    } else if (before.isUncertain && after !== before) {
      after = { ...after, isUncertain: true };
    }
    if (after === before) return;
    track.seqs.push(seq);
    track.states.push(after);
    const bracket = address.indexOf('[');
    const step = bracket < 0 ? address : address.slice(0, bracket);
    this.#activity.set(step, (this.#activity.get(step) ?? 0) + 1);
  }

  /** How many interruptions a step may have is not stored: the journal shows it where one was the last, or was not. */
  #learnLimit(runner: Runner, before: ActorState, event: Transition['event'], state: string | null): ActorState | undefined {
    const { interruptions = 0 } = before.context as { readonly interruptions?: number };
    for (const maxInterruptions of [interruptions + 1, interruptions + 2]) {
      const after = runner.transition({ ...before, context: { ...before.context, maxInterruptions } }, event, []);
      if (after.value !== state) continue;
      this.maxInterruptions = maxInterruptions;
      return after;
    }
    return undefined;
  }

  #note(seq: number, address: string, what: string, expected: string | null, found: string | null): void {
    this.#different++;
    if (this.#mismatches.length < maxMismatches) this.#mismatches.push({ seq, address, what, expected, found });
  }

  #createTrack(address: string): Track {
    const machine = this.toMachine(address);
    const step = this.findStep(address);
    const input = machine === 'flow' || !step ? toFlowInput(this.plan) : machine === 'fanOut' ? toFanOutInput(this.plan.mode, step) : toStepInput(step, this.maxInterruptions);
    return { machine, seqs: [], states: [], initial: this.#runners[machine].initial(input) };
  }

  /** Which machine an actor is. */
  toMachine(address: string): MachineName {
    if (address === '') return 'flow';
    return this.findStep(address)?.forEach && !address.includes('[') ? 'fanOut' : 'step';
  }

  /** The step that an address belongs to; undefined: the flow, or a step that the definition does not have. */
  findStep(address: string): PlannedStep | undefined {
    const bracket = address.indexOf('[');
    return this.plan.steps[this.plan.positions.get(bracket < 0 ? address : address.slice(0, bracket)) ?? -1];
  }

  /** A transition by its number, from 1. */
  getTransition(seq: number): Transition | undefined {
    const entry = this.#entries[seq - 1];
    if (!entry) return undefined;
    const [address, event, state] = entry;
    const commit = findLast(this.#commitSeqs, seq);
    return { seq, at: this.#commitTimes[commit] ?? 0, commit, address, event, state };
  }

  /** Number of the first transition of a commit. */
  getCommitStart(commit: number): number {
    return this.#commitSeqs[commit] ?? 1;
  }

  /** Number of the last transition of a commit. */
  getCommitEnd(commit: number): number {
    return (this.#commitSeqs[commit + 1] ?? this.length + 1) - 1;
  }

  /** How an actor stood after a transition; undefined: it had not begun. */
  getState(address: string, seq: number): ActorState | undefined {
    const track = this.#tracks.get(address);
    const place = track ? findLast(track.seqs, seq) : -1;
    if (track && place >= 0) return track.states[place];
    return this.#kept.get(address) ?? (address === '' ? track?.initial : undefined);
  }

  /** How an actor stands before it has begun. */
  getInitial(address: string): ActorState | undefined {
    return this.#tracks.get(address)?.initial ?? (this.findStep(address) && this.#createTrack(address).initial);
  }

  /** What a transition made of its actor; undefined: it was ignored. */
  getChange(seq: number): { readonly before: ActorState; readonly after: ActorState } | undefined {
    const address = this.#entries[seq - 1]?.[0];
    const track = address === undefined ? undefined : this.#tracks.get(address);
    const place = track ? findLast(track.seqs, seq) : -1;
    if (!track || track.seqs[place] !== seq) return undefined;
    return { before: track.states[place - 1] ?? track.initial, after: track.states[place] as ActorState };
  }

  /** How often a step, with its items, has moved: what is made of them is as it was while this is. */
  countMoves(step: string): number {
    return this.#activity.get(step) ?? 0;
  }

  /** Numbers of the transitions that moved an actor. */
  listMoves(address: string): readonly number[] {
    return this.#tracks.get(address)?.seqs ?? [];
  }

  /** What an earlier generation has left, by address. */
  get kept(): ReadonlyMap<string, ActorState> {
    return this.#kept;
  }
}

/** Place of the last number that is not above `most`; -1: there is none. */
function findLast(numbers: readonly number[], most: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
