import type { SignalRecord, StepRecord } from '../../../persistence/records.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Envelope, OwnWrite } from '../../engine/kind.ts';
import type { Message } from '../../kernel/messages.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import type { FlowDigests } from '../../kernel/tree.ts';
import type { Resident } from './resident.ts';

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
