/** Something that happens to a flow on a path. `item` is the place in a `for_each` list; left out for the step itself. */
export type PathEvent =
  /** The step's expressions are evaluated: it starts (with so many items), its condition excludes it, or they fail. */
  | { readonly type: 'prepare'; readonly step: string; readonly item?: number; readonly result: 'start' | 'skip' | 'fail'; readonly items?: number }
  | { readonly type: 'complete'; readonly step: string; readonly item?: number; readonly output?: unknown }
  | { readonly type: 'fail'; readonly step: string; readonly item?: number; readonly retryable: boolean }
  /** The flow or the machine that the step waits for ends. */
  | { readonly type: 'child'; readonly step: string; readonly item?: number; readonly passes: boolean; readonly output?: unknown }
  | { readonly type: 'signal'; readonly step: string; readonly name: string; readonly early?: true; readonly payload?: unknown }
  /** A person answers a step that asks what to do. */
  | { readonly type: 'answer'; readonly step: string; readonly action: 'retry' | 'use' | 'skip' | 'fail'; readonly output?: unknown }
  /** Time goes on until something is due: a back-off, a sleep, a timeout. */
  | { readonly type: 'elapse'; readonly due: readonly string[] }
  | { readonly type: 'cancel' }
  /** The process ends, and another one goes on. */
  | { readonly type: 'crash' };

/** `balance`, or `balance[3]`. */
export function toPlace({ step, item }: { readonly step: string; readonly item?: number | undefined }): string {
  return item === undefined ? step : `${step}[${item}]`;
}
