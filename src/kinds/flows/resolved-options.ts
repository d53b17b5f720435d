import type { InspectionEvent } from 'xstate';
import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/ids.ts';
import type { Logger } from '../../core/logger.ts';
import type { OutputDir } from './artifacts/output-files.ts';
import type { Consolidator } from './consolidation/consolidator.ts';
import type { ModelClient } from './interactions/model-client.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import type { StepPublishing } from '../contract/publishing.ts';
import type { Tool } from './tool.ts';

/** Called with XState's inspection events of every hosted actor. */
export type Inspect = (event: InspectionEvent) => void;

/** Which unfinished executions go on: all, none, or those that the function says yes to. */
export type Recover = boolean | ((execution: { readonly executionId: string; readonly flowId: string; readonly digest: string }) => boolean);

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly consolidators: ReadonlyMap<string, Consolidator>;
  readonly maxActiveFlows: number;
  readonly maxRunningSteps: number;
  readonly maxFlowDepth: number;
  readonly maxChildFlows: number;
  readonly maxInterruptions: number;
  readonly maxOutputBytes: number;
  readonly keepResidentMs: number;
  readonly expressionTimeLimitMs: number;
  readonly retentionMs: number | null;
  readonly sizeBudgetBytes: number;
  readonly inspect: Inspect | undefined;
  readonly maxArtifactBytes: number;
  readonly outputDir: OutputDir | undefined;
  readonly models: ModelClient | undefined;
  readonly secrets: readonly string[];
  readonly publishing?: StepPublishing;
  readonly stepMachines?: StepMachines | undefined;
}
