import type { Answer } from './answer.ts';

/** What an execution was marked with when it started: who ran it, for what. The same in all its generations. */
export interface LabelRecord {
  readonly executionId: string;
  readonly name: string;
  readonly value: string;
}

/** The definition that a flow has now, and the file it is from. */
export interface FlowRecord {
  readonly flowId: string;
  readonly digest: string;
  /** An absolute path. */
  readonly file: string;
  /** When the definition was taken over; epoch ms. */
  readonly syncedAt: number;
}

export interface ListLabelledParams {
  readonly name: string;
  readonly value: string;
  readonly limit: number;
  readonly after?: string;
  readonly order?: 'newest' | 'oldest';
}

export interface CatalogReader {
  /** By name. */
  listLabels(executionId: string): Answer<LabelRecord[]>;
  /** Executions with a label, by id, which are in the order of their start; default the newest first. Those behind `after` in that order. */
  listLabelled(params: ListLabelledParams): Answer<string[]>;
  getFlow(flowId: string): Answer<FlowRecord | undefined>;
  /** By id, above `after`. */
  listFlows(after: string, limit: number): Answer<FlowRecord[]>;
}

/** What one commit changes. */
export interface CatalogWrites {
  /** Inserted; one that is there is left as it is. */
  readonly labels?: readonly LabelRecord[];
  /** Inserted, or replaced by `flowId`. */
  readonly flows?: readonly FlowRecord[];
}
