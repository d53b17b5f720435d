import type { SignalRecord, StepRecord } from '../../../persistence/records.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Envelope, OwnWrite, Tick } from '../../engine/kind.ts';
import { Refusal } from '../../engine/kind.ts';
import type { Message } from '../../kernel/messages.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import type { FlowDigests, FlowTree } from '../../kernel/tree.ts';
import { getActor, isFanOut, createTimerEvent } from '../../kernel/tree.ts';
import type { Resident } from './resident.ts';
import { isThenable } from './step-runner.ts';
import { isFlowError } from '../../core/errors.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { noItem } from '../../core/address.ts';
import type { Due } from '../../engine/due.ts';
import { toExpiry } from '../../kernel/runs.ts';

/** What is stored with a step's success, besides the success. */
export interface OwnWrites {
  /** Writes to the database. */
  readonly list: readonly OwnWrite[];
  /** For other kinds, valid ones: they are told after the writes, and only when the success is accepted. */
  readonly posts: readonly Envelope[];
  /** What there is to say in place of the success when one of them fails. */
  readonly toFailed: (failure: StepFailure) => Message;
}

/** What a generation takes over from the one before. */
export interface Legacy {
  /** Steps that it does not run again. */
  readonly steps: readonly StepRecord[];
  /** Signals that no step has consumed. */
  readonly signals: readonly SignalRecord[];
}

/** What the flows of a runtime can be told in a tick. A message for one generation is nothing to another. */
export type FlowCommand =
  /** The answer is whether it could still change how the flow ends. */
  | { readonly type: 'message'; readonly executionId: string; readonly generation?: number | undefined; readonly message: Message; readonly writes?: OwnWrites | undefined; /** Somebody waits who may be refused. */ readonly isCalled?: true }
  | { readonly type: 'start'; readonly header: ExecutionHeader; readonly plan: FlowPlan; readonly admit: boolean; readonly legacy?: Legacy; readonly flows: FlowDigests | undefined; readonly labels?: Readonly<Record<string, string>> | undefined; /** It fails at once, so. */ readonly breaks?: StepFailure; /** It is stored, and begins when it is told so. */ readonly later?: true }
  | { readonly type: 'restored'; readonly resident: Resident; readonly how: 'requested' | 'woken'; readonly envelopes: readonly Envelope[] }
  | { readonly type: 'late'; readonly resident: Resident; readonly message: Extract<Message, { to: 'step' }> }
  /** It comes into memory, whatever the limit says. */
  | { readonly type: 'wake'; readonly executionId: string }
  /** It was read back in the course of a tick that was dropped. */
  | { readonly type: 'goOn'; readonly resident: Resident }
  /** It cannot go on, whatever its machines say: it fails. */
  | { readonly type: 'break'; readonly resident: Resident; readonly failure: StepFailure };

/** Whether an execution is told to begin: with what it has then, whatever the event says. */
export const isStart = (message: Message): boolean => message.to === 'flow' && message.event.type === 'flow.start';

const none: readonly Envelope[] = [];

/** What is taken in the course of a command, in its tick. */
export const listTaken = (command: FlowCommand): readonly Envelope[] =>
  (command.type === 'message' ? (command.writes?.posts ?? none) : command.type === 'restored' ? command.envelopes : none);

/** What is to be delivered, once a step's own writes are in the transaction, and what it posts is taken. */
export function takeWrites(tree: FlowTree, message: Message, { list, posts, toFailed }: OwnWrites, tick: Tick): Message {
  if (!isAwaited(tree, message)) return message;
  try {
    if (list.length > 0) tick.attempt(toOneWrite(list));
  } catch (error) {
    return toFailed(toFailure(error));
  }
  for (const envelope of posts) {
    const answer = tick.take(envelope);
    if (answer instanceof Refusal) return toFailed(toFailure(answer.error));
  }
  return message;
}

/** All of a step's writes as one, so that one that throws undoes the others, too. A promise is passed on, for the store to refuse. */
const toOneWrite = (writes: readonly OwnWrite[]): OwnWrite => tx => {
  for (const write of writes) {
    const result: unknown = write(tx);
    if (isThenable(result)) return result;
  }
  return undefined;
};

/** Whether a pong will be accepted: what a late one wanted to write must not be written. */
function isAwaited(tree: FlowTree, message: Message): boolean {
  if (message.to !== 'step' || message.event.type !== 'attempt.completed') return false;
  const actor = getActor(tree, message.position, message.item);
  return actor !== undefined && !isFanOut(actor) && actor.snapshot.value === 'running' && actor.snapshot.context.run === message.event.run;
}

/** Why an execution fails that caused this error. */
export const toBreak = (error: Error): StepFailure =>
  isFlowError(error) ? createFailure('commit_refused', `What happened to it could not be stored: ${error.message}`) : createFailure('machine_failed', toFailure(error).message);

/** In place of a position: the whole flow is to be brought into memory. */
export const wholeFlow = -2;
/** The flow's own timeout. */
export const wholeTimeout = -1;

/** What a flow is told when this is due; undefined: it is over. */
export function toDueMessage({ header, tree }: Resident, { place = 0, part = noItem, at }: Due): Message | undefined {
  if (place === wholeTimeout) {
    // The time of a generation before is nothing to this one.
    const isOver = header.startedAt === null || tree.flow.context.ending !== undefined || at < header.startedAt + (tree.plan.timeoutMs ?? Infinity);
    return isOver ? undefined : toExpiry(tree.plan);
  }
  const actor = getActor(tree, place, part);
  if (!actor || isFanOut(actor) || actor.snapshot.context.dueAt !== at) return undefined;
  return { to: 'step', position: place, item: part, event: createTimerEvent(actor) };
}
