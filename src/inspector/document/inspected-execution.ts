import type { AttemptRecord, ExecutionRecord, SignalRecord, StepRecord } from '../../../persistence/records.ts';
import type { ActorView } from '../../kinds/actors/read-actor-view.ts';
import type { ArtifactInfo } from '../../kinds/flows/artifacts/artifact.ts';
import type { InteractionInfo } from '../../kinds/flows/interactions/interaction.ts';
import type { InspectedPlan } from './inspected-plan.ts';

/** A JSON value as text; of one that is too large the beginning. */
export interface InspectedText {
  readonly text: string;
  /** Characters of the whole. */
  readonly length: number;
}

/** An execution, as its row has it. */
export type InspectedHeader = Omit<ExecutionRecord, 'context' | 'key' | 'input'> & {
  readonly input: InspectedText;
  readonly labels: Readonly<Record<string, string>>;
};

/** One commit of the journal: number of its first transition, when (epoch ms), its transitions as the journal writes them. */
export type InspectedCommit = readonly [seq: number, at: number, entries: readonly (readonly unknown[])[]];

export type InspectedRows = 'none' | 'steps' | 'all';

/** A row of a step, as it stands. */
export type InspectedRow = Omit<StepRecord, 'executionKey' | 'originKey' | 'originPosition'> & { /** An earlier generation did it. */ readonly kept?: true };

/** A run that has ended. */
export type InspectedAttempt = Omit<AttemptRecord, 'executionKey' | 'output'> & { readonly output: InspectedText | null };

/** What expressions made for a step to begin with. */
export interface InspectedInput {
  readonly position: number;
  readonly item: number;
  readonly input: InspectedText;
}

/** A document, with the beginning of what it says where that is a text. */
export type InspectedArtifact = ArtifactInfo & { readonly text?: string };

/** A flow that the execution has started. */
export type InspectedChild = Pick<ExecutionRecord, 'executionId' | 'flowId' | 'status' | 'score' | 'parentStep' | 'createdAt' | 'settledAt'>;

/** A machine of somebody's own that a step is, as it stands, and the last events it took. */
export interface InspectedActor {
  readonly view: ActorView;
  /** States and what leads from one to the other, JSON text; null: it is not stored. */
  readonly structure: string | null;
}

/** All that is told of one execution. What is nothing yet is an empty list. */
export interface InspectedExecution {
  readonly format: 'flowstone-inspected';
  readonly version: 1;
  readonly execution: InspectedHeader;
  readonly plan: InspectedPlan;
  /** Crashes after which a step fails. */
  readonly maxInterruptions: number;
  readonly commits: readonly InspectedCommit[];
  /** Which rows of steps, attempts and inputs are told: none, those that are not of items, or all. Those that were kept always are. */
  readonly rows: InspectedRows;
  readonly steps: readonly InspectedRow[];
  readonly attempts: readonly InspectedAttempt[];
  readonly inputs: readonly InspectedInput[];
  readonly signals: readonly Pick<SignalRecord, 'number' | 'name' | 'payload' | 'receivedAt'>[];
  readonly artifacts: readonly InspectedArtifact[];
  readonly interactions: readonly InteractionInfo[];
  readonly children: readonly InspectedChild[];
  readonly actors: readonly InspectedActor[];
}
