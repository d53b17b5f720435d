/** Work that a crash may cut off: a run that was cut off counts here, and as no attempt. */
export interface Interruptible {
  readonly interruptions: number;
}

/** One more run was cut off. */
export const countInterruption = ({ interruptions }: Interruptible): { readonly interruptions: number } => ({ interruptions: interruptions + 1 });

/** Whether work that was cut off so often begins again; otherwise it has failed: it may be what ends the process. */
export const mayBeginAgain = ({ interruptions }: Interruptible, maxInterruptions: number): boolean => interruptions < maxInterruptions;
