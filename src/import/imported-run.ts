/** One call of a tool, as a log tells it. */
export interface ImportedCall {
  readonly tool: string;
  readonly input: unknown;
  /** Null unless it succeeded. */
  readonly output: unknown;
  /** Undefined: it succeeded. */
  readonly error?: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** One step, as a log tells it. */
export interface ImportedStep {
  /** What the log calls it; not yet an id. */
  readonly name: string;
  readonly calls: readonly ImportedCall[];
  /** What it produced; null unless there is evidence that it succeeded. */
  readonly output: unknown;
  /** Undefined: there is evidence that it succeeded. */
  readonly error?: string;
  readonly startedAt: number;
  readonly settledAt: number;
}

/** What was left out of a file, and why. */
export interface SkippedLine {
  /** 1-based. */
  readonly line: number;
  readonly reason: string;
}

/** What a log itself says about how its run ended. Never taken for evidence of a success. */
export interface ReportedResult {
  readonly success?: boolean;
  readonly score?: number;
  readonly status?: string;
}

/** A file that was read. */
export interface ImportedFile {
  readonly file: string;
  readonly format: 'session' | 'trace';
  /** Of the bytes, hex. */
  readonly sha256: string;
}

/** One run of the predecessor, from one file or from two that tell of the same. */
export interface ImportedRun {
  readonly files: readonly ImportedFile[];
  readonly sessionId: string;
  /** Name of the flow; undefined: the log does not say. */
  readonly flow?: string;
  readonly agent?: string;
  readonly prompt?: string;
  /** Steps that were planned; undefined: the log does not say. */
  readonly planned?: number;
  readonly steps: readonly ImportedStep[];
  readonly reported: ReportedResult;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly settledAt: number;
  /** Lines that were events. */
  readonly events: number;
  readonly skipped: readonly SkippedLine[];
  /** What a person should know about how it was read. */
  readonly notes: readonly string[];
}
