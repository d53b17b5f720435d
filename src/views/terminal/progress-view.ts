import type { ExecutionProgress, ProgressChange } from '../execution-progress.ts';

/** Shows executions while they run. */
export interface ProgressView {
  /** Adds an execution to what is shown. */
  add(progress: ExecutionProgress): void;
  /** Tells that something happened; `change` is undefined when it is not worth a line. */
  changed(progress: ExecutionProgress, change: ProgressChange | undefined): void;
  /** Says something that stays on the screen. */
  note(text: string): void;
  /** Sets the line at the foot, where there is one. */
  hint(text: string): void;
  /** Draws the last picture and lets the terminal go. */
  end(): void;
}

/** A stream to draw on. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}
