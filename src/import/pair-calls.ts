import type { ImportedCall } from './imported-run.ts';

/** An event of a trace that has to do with calls. */
export type CallEvent =
  | { readonly type: 'input'; readonly line: number; readonly at: number; readonly tool: string; readonly args: unknown }
  | { readonly type: 'output'; readonly line: number; readonly at: number; readonly success: boolean; readonly results: unknown; readonly error: string | null };

export interface PairedCalls {
  readonly calls: readonly ImportedCall[];
  /** Errors that were logged as inputs, in order. They are no calls. */
  readonly errors: readonly { readonly line: number; readonly tool: string; readonly message: string }[];
  readonly notes: readonly string[];
}

/** The message of an error that was logged as if it were an input; undefined: it is an input. */
function readLoggedError(args: unknown): string | undefined {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  const [[key, value] = [], ...others] = Object.entries(args);
  if (key !== 'error' || others.length > 0) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Pairs the inputs and outputs of one step's calls.
 *
 * Events carry no call id, so an output belongs to the only call that is open. Where several are open, nobody can tell which
 * one it answers: then the oldest is taken, and said so; if one of them failed, none of them counts as a success. A tool that is
 * called twice is two calls.
 */
export function pairCalls(events: readonly CallEvent[]): PairedCalls {
  const calls: ImportedCall[] = [];
  const errors: { line: number; tool: string; message: string }[] = [];
  const notes: string[] = [];
  const open: Extract<CallEvent, { type: 'input' }>[] = [];
  /** Calls that were open at the same time, by their place. */
  let together: number[] = [];
  for (const event of events) {
    if (event.type === 'input') {
      const message = readLoggedError(event.args);
      if (message === undefined) open.push(event);
      else errors.push({ line: event.line, tool: event.tool, message });
      continue;
    }
    if (open.length > 1) notes.push(`line ${event.line}: ${open.length} calls were open (${open.map(({ tool }) => tool).join(', ')}); its output was taken for that of the oldest`);
    const begun = open.shift();
    if (!begun) {
      notes.push(`line ${event.line}: an output without a call; left out`);
      continue;
    }
    if (open.length > 0 || together.length > 0) together.push(calls.length);
    calls.push(toCall(begun, event));
    if (open.length > 0) continue;
    if (together.some(place => calls[place]?.error !== undefined)) {
      for (const place of together) calls[place] = { error: 'One of the calls that ran at the same time failed, and the log does not say which', ...(calls[place] as ImportedCall), output: null };
    }
    together = [];
  }
  for (const { line, tool, args, at } of open) {
    notes.push(`line ${line}: the call of ${tool} has no output; it counts as failed`);
    calls.push({ tool, input: args, output: null, error: 'The log has no output for this call', startedAt: at, endedAt: at });
  }
  for (const { line, tool, message } of errors) notes.push(`line ${line}: an error logged as an input of ${tool}, and no call: ${message}`);
  return { calls, errors, notes };
}

function toCall({ tool, args, at }: Extract<CallEvent, { type: 'input' }>, output: Extract<CallEvent, { type: 'output' }>): ImportedCall {
  const times = { startedAt: at, endedAt: Math.max(at, output.at) };
  // Only a stated success is one; a word in a result decides nothing.
  if (output.success && output.error === null) return { tool, input: args, output: output.results, ...times };
  return { tool, input: args, output: null, error: readError(output.results) ?? output.error ?? 'The call failed; the log does not say why', ...times };
}

/** The tool's own words; the message beside them is the same in another wrapping. */
function readError(results: unknown): string | undefined {
  const error = typeof results === 'object' && results !== null && 'error' in results ? results.error : undefined;
  return typeof error === 'string' ? error : undefined;
}
