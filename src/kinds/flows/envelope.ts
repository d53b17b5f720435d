import type { SignalRecord, StepRecord } from '../../../persistence/records.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Message } from '../../kernel/messages.ts';
import type { ToParticipant } from '../../engine/participant.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import type { Write } from './step-runner.ts';
import type { FlowDigests } from '../../kernel/tree.ts';

/** What is stored with a step's success, besides the success. */
export interface OwnWrites {
  /** Writes to the database. */
  readonly list: readonly Write[];
  /** Messages to participants, valid ones: they are applied after the writes, and only when the success is accepted. */
  readonly messages: readonly ToParticipant[];
  /** What there is to say in place of the success when one of them throws. */
  readonly toFailed: (failure: StepFailure) => Message;
}

/** What a generation takes over from the one before. */
export interface Legacy {
  /** Steps that it does not run again. */
  readonly steps: readonly StepRecord[];
  /** Signals that no step has consumed. */
  readonly signals: readonly SignalRecord[];
}

/** Something that has to happen in a tick. A message for one generation is nothing to another. `done` is called after the commit, `refused` when there is none. */
export type Envelope = { readonly refused?: (error: Error) => void } & (
  | { readonly kind: 'message'; readonly executionId: string; readonly generation?: number; message: Message; readonly writes?: OwnWrites | undefined; readonly done?: (accepted: boolean) => void }
  | { readonly kind: 'start'; readonly header: ExecutionHeader; readonly plan: FlowPlan; readonly admit: boolean; readonly legacy?: Legacy; readonly flows: FlowDigests | undefined; readonly labels?: Readonly<Record<string, string>> | undefined; readonly done: () => void }
  | { readonly kind: 'restored'; readonly resident: Resident; readonly how: 'requested' | 'woken'; readonly messages: readonly Envelope[]; readonly done: () => void }
  | { readonly kind: 'late'; readonly resident: Resident; readonly message: Extract<Message, { to: 'step' }> }
  | ({ readonly kind: 'participant'; readonly done?: (answer: unknown) => void } & ToParticipant)
);

export type WritingEnvelope = Extract<Envelope, { kind: 'message' }> & { readonly writes: OwnWrites };

export const hasWrites = (envelope: Envelope): envelope is WritingEnvelope => envelope.kind === 'message' && envelope.writes !== undefined;

const readAsked = (envelope: Envelope): number | undefined => (envelope.kind === 'message' && envelope.message.to === 'prepared' ? envelope.message.asked : undefined);

/** Puts what expressions came to in the order in which it was asked for: who gets a slot must not depend on how long each took. */
export function orderPrepared(taken: Envelope[]): void {
  const places = [...taken.keys()].filter(index => readAsked(taken[index] as Envelope) !== undefined);
  if (places.length < 2) return;
  const sorted = places.map(index => taken[index] as Envelope).toSorted((a, b) => (readAsked(a) ?? 0) - (readAsked(b) ?? 0));
  for (const [index, place] of places.entries()) taken[place] = sorted[index] as Envelope;
}
