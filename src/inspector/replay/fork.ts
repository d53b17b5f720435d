import type { FlowEvent } from '../../../machines/flow.ts';
import type { StepEvent } from '../../../machines/step.ts';
import type { JournalEntry } from '../../core/journal-text.ts';
import { type Changes, createChanges, type Effect } from '../../kernel/changes.ts';
import { deliver } from '../../kernel/deliver.ts';
import { compiledMachines } from '../../kernel/machines.ts';
import type { Message } from '../../kernel/messages.ts';
import { type FlowTree, toStartEvent } from '../../kernel/tree.ts';
import type { InspectedExecution } from '../document/inspected-execution.ts';
import type { ActorState, History } from './history.ts';
import { listQuestions, type Question } from './questions.ts';
import { rebuildTree, toPlaceAddress } from './rebuild-tree.ts';

/** What was told a fork, and all that followed from it inside. */
export interface ForkMove {
  /** What was said, for people. */
  readonly said: string;
  /** By the journal, at this transition; null: by whoever looks at it. */
  readonly from: number | null;
  readonly at: number;
  readonly entries: readonly JournalEntry[];
  /** What a host would have done now: here nobody does. */
  readonly effects: readonly string[];
  /** What a machine threw. */
  readonly thrown?: string;
}

/** An answer that the journal has for what a fork waits for. */
interface Recorded {
  readonly seq: number;
  readonly at: number;
  readonly message: Message;
  readonly said: string;
}

/**
 * What would have become of an execution: its tree as it was after a transition, moved by what it is told.
 *
 * It is moved by the kernel alone. There is no store, no tool and no timer behind it; effects are named, never performed.
 */
export class Fork {
  readonly seq: number;
  readonly tree: FlowTree;
  readonly moves: ForkMove[] = [];
  readonly #history: History;
  readonly #document: InspectedExecution;
  #now: number;
  /** Transitions of the journal that it was told. */
  readonly #told = new Set<number>();
  /** By address: all transitions of the original, and the last one that the fork has taken, too. */
  readonly #seqs = new Map<string, number[]>();
  readonly #matched = new Map<string, number>();

  /** @param seq a transition; the fork begins behind the commit that it is in, since within one a flow is not at rest. 0: before the first */
  constructor(history: History, document: InspectedExecution, seq: number) {
    this.#history = history;
    this.#document = document;
    this.seq = seq === 0 ? 0 : history.getCommitEnd(history.getTransition(seq)?.commit ?? history.commits - 1);
    for (let place = this.seq + 1; place <= history.length; place++) {
      const { address } = history.getTransition(place) as { readonly address: string };
      const seqs = this.#seqs.get(address);
      if (seqs) seqs.push(place);
      else this.#seqs.set(address, [place]);
    }
    const { tree, changes, now } = rebuildTree(history, document, this.seq);
    this.tree = tree;
    this.#now = now;
    if (changes.entries.length > 0) this.moves.push({ said: 'Slots are given out again', from: null, at: now, entries: changes.entries, effects: describeEffects(tree, changes) });
  }

  get questions(): Question[] {
    return listQuestions(this.tree);
  }

  get isOver(): boolean {
    return this.tree.flow.status === 'done';
  }

  /** Tells the fork something, with all that follows. @param at epoch ms; default: when it was told last */
  tell(message: Message, said: string, { at = this.#now, from = null }: { readonly at?: number; readonly from?: number | null } = {}): ForkMove {
    const changes = createChanges();
    let thrown: string | undefined;
    this.#now = Math.max(this.#now, at);
    try {
      deliver(compiledMachines, this.tree, message, this.#now, changes);
    } catch (error) {
      thrown = String(error);
    }
    const move: ForkMove = { said, from, at: this.#now, entries: changes.entries, effects: describeEffects(this.tree, changes), ...(thrown !== undefined && { thrown }) };
    this.moves.push(move);
    return move;
  }

  /** What the journal has to say to a question; undefined: it never came to that. */
  findRecorded(question: Question): Recorded | undefined {
    const { kind, address, run } = question;
    for (const seq of this.#listAhead(address)) {
      const transition = this.#history.getTransition(seq);
      if (!transition || transition.state === null) continue;
      const { event, at } = transition;
      if ('run' in event && event['run'] !== run) continue;
      const message = this.#toMessage(question, event);
      if (message) return { seq, at, message, said: `${address || 'flow'}: ${event.type}, as recorded` };
      // It went another way than was asked for: what was recorded is no answer.
      if (kind !== 'run' && kind !== 'start' && kind !== 'consolidate') return undefined;
    }
    return undefined;
  }

  /** What ended the flow from outside, whatever it waited for. */
  #findEnding(): Recorded | undefined {
    if (this.isOver) return undefined;
    for (const seq of this.#listAhead('')) {
      const { event, at } = this.#history.getTransition(seq) ?? {};
      if (at === undefined || (event?.type !== 'flow.cancel' && event?.type !== 'flow.expire')) continue;
      return { seq, at, message: { to: 'flow', event: event as FlowEvent & { type: 'flow.cancel' } }, said: `flow: ${event.type}, as recorded` };
    }
    return undefined;
  }

  /** Transitions of an actor that have no counterpart in the fork yet. */
  #listAhead(address: string): readonly number[] {
    const seqs = this.#seqs.get(address) ?? [];
    const behind = this.#matched.get(address) ?? this.seq;
    return seqs.filter(seq => seq > behind);
  }

  /** Notes how far the fork has come along the original. */
  #match(entries: readonly JournalEntry[]): void {
    for (const [address, event, state] of entries) {
      const same = this.#listAhead(address).find(seq => {
        const transition = this.#history.getTransition(seq);
        return transition?.event.type === event.type && transition.state === state;
      });
      if (same !== undefined) this.#matched.set(address, same);
    }
  }

  /** Tells it all that the journal knows, in the order in which it was; stops where only somebody else knows how it goes on. */
  goOn(most = Number.POSITIVE_INFINITY): number {
    let told = 0;
    for (; told < most; told++) {
      const recorded = [...this.questions.map(question => this.findRecorded(question)), this.#findEnding()].filter(answer => answer !== undefined && !this.#told.has(answer.seq));
      const next = recorded.reduce((first, answer) => (first && answer && first.seq < answer.seq ? first : answer), recorded[0]);
      if (!next) break;
      this.#told.add(next.seq);
      this.#match(this.tell(next.message, next.said, { at: next.at, from: next.seq }).entries);
    }
    return told;
  }

  #toMessage({ kind, position, item, run }: Question, event: { readonly type: string }): Message | undefined {
    const given = event as StepEvent & FlowEvent;
    const isAnswer = answers[kind].includes(event.type);
    if (!isAnswer) return undefined;
    if (kind === 'start') return { to: 'flow', event: toStartEvent(this.tree) };
    if (kind === 'consolidate') return { to: 'flow', event: given };
    if (kind === 'prepare') return { to: 'prepared', position, item, prepared: this.#toPrepared(position, item, given) };
    const output = this.#findOutput(position, item, kind === 'run' ? run : undefined);
    return { to: 'step', position, item, event: given, ...(output !== undefined && { output }) };
  }

  #toPrepared(position: number, item: number, event: StepEvent): Extract<Message, { to: 'prepared' }>['prepared'] {
    if (event.type === 'step.skip' || event.type === 'step.fail') return { type: event.type === 'step.skip' ? 'skip' : 'fail', failure: event.failure };
    const text = this.#document.inputs.find(row => row.position === position && row.item === item)?.input;
    const value: unknown = text && text.text.length === text.length ? JSON.parse(text.text) : undefined;
    const json = text?.text ?? null;
    if ('total' in event) {
      const list = Array.isArray(value) ? value : Array.from({ length: Number(event.total) }, () => null);
      return { type: 'start', list: { value: list, json }, kept: this.#listKept(position) };
    }
    const dueAt = event.type === 'step.start' ? event.dueAt : undefined;
    return { type: 'start', ...(value !== undefined && { input: { value, json } }), ...(dueAt !== undefined && { dueAt }) };
  }

  #listKept(position: number): never[] {
    return this.#document.steps.filter(row => row.kept && row.position === position && row.item >= 0).map(row => ({ ...row, executionKey: 1, originKey: 2, originPosition: position })) as never[];
  }

  #findOutput(position: number, item: number, run: number | undefined): string | undefined {
    const found = this.#document.attempts.find(row => row.position === position && row.item === item && row.status === 'completed' && (run === undefined || row.run === run));
    return found?.output?.text;
  }

  /** How an actor stands in the fork; undefined: it has not begun. */
  getState(address: string): Pick<ActorState, 'value' | 'context'> | undefined {
    for (let place = this.moves.length - 1; place >= 0; place--) {
      const entry = this.moves[place]?.entries.findLast(([other, , state]) => other === address && state !== null);
      if (entry) return { value: entry[2] as string, context: this.#getLive(address)?.context ?? {} };
    }
    return this.#history.getState(address, this.seq);
  }

  #getLive(address: string): { readonly context: object } | undefined {
    if (address === '') return this.tree.flow;
    const step = this.#history.findStep(address);
    const actor = step && this.tree.actors.get(step.position);
    const bracket = address.indexOf('[');
    return bracket < 0 ? actor?.snapshot : actor && 'items' in actor ? actor.items.get(Number(address.slice(bracket + 1, -1)))?.snapshot : undefined;
  }

  /** Addresses whose end differs from the original's, with both. */
  compare(): { readonly address: string; readonly original: string | null; readonly fork: string | null }[] {
    const addresses = new Set([...this.#history.addresses, ...this.moves.flatMap(({ entries }) => entries.map(([address]) => address))]);
    return [...addresses].flatMap(address => {
      const original = this.#history.getState(address, this.#history.length)?.value ?? null;
      const fork = this.getState(address)?.value ?? null;
      return original === fork ? [] : [{ address, original, fork }];
    });
  }
}

/** Events that answer a question from outside. */
const answers: Readonly<Record<Question['kind'], readonly string[]>> = {
  start: ['flow.start'],
  consolidate: ['consolidation.completed', 'consolidation.failed'],
  prepare: ['step.start', 'step.skip', 'step.fail'],
  run: ['attempt.completed', 'attempt.failed', 'attempt.interrupted', 'step.release'],
  timer: ['timer.fired', 'step.start'],
  signal: ['signal.received', 'timer.fired'],
  ask: ['recovery.retry', 'recovery.skip', 'recovery.complete', 'recovery.fail', 'timer.fired'],
  child: ['child.settled', 'timer.fired'],
  machine: ['child.settled', 'timer.fired'],
};

const effectWords: Readonly<Record<Effect['type'], string>> = {
  prepare: 'evaluate the expressions of', run: 'begin the handler of', abort: 'stop the handler of', wait: 'wait for', abandon: 'wait no longer for', settle: 'answer whoever waits for the flow', consolidate: 'gather the results',
};

/** What a host would do, in words. */
const describeEffects = (tree: FlowTree, { effects, machineCalls }: Pick<Changes, 'effects' | 'machineCalls'>): string[] => [
  ...effects.map(effect => ('position' in effect ? `${effectWords[effect.type]} ${toPlaceAddress(tree, effect.position, effect.item)}` : effectWords[effect.type])),
  ...machineCalls.map(call => (call.type === 'signal' ? `offer the signal ${call.signal.name} to a machine` : `${call.type} the machine of ${call.place.stepId}`)),
];
