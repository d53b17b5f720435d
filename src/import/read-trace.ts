import { z } from 'zod';
import { FlowError } from '../core/errors.ts';
import { parseJsonText } from '../core/json-text.ts';
import { hasNoSuchDay } from '../core/time-text.ts';
import type { ImportedRun, ImportedStep, SkippedLine } from './imported-run.ts';
import type { CallEvent } from './pair-calls.ts';
import { pairCalls } from './pair-calls.ts';

const timestamp = z.string().refine(text => Number.isFinite(Date.parse(text)) && !hasNoSuchDay(text));
const eventShape = z.object({
  timestamp,
  session_id: z.string().min(1),
  event_type: z.string(),
  prompt: z.object({ user_prompt: z.string().nullish(), final_prompt: z.string().nullish() }).nullish(),
  tool_input: z.object({ tool_name: z.string().min(1), tool_args: z.unknown() }).nullish(),
  tool_output: z.object({ success: z.boolean(), results: z.unknown(), error_message: z.string().nullish() }).nullish(),
  metadata: z.object({ step_name: z.string().optional() }).nullish(),
});
const summaryShape = z.object({ session_id: z.string(), total_events: z.number(), tool_calls: z.number() });

type TraceEvent = z.infer<typeof eventShape> & { readonly line: number; readonly at: number };

const stepPrompt = /^Orchestrator executing step: /;
const planPrompt = /^Orchestrator executing (\d+) steps(?: with (\S+))?/;

/** Whether a line of JSON is one of a trace. */
export const isTraceLine = (value: unknown): boolean => eventShape.safeParse(value).success || summaryShape.safeParse(value).success;

/**
 * Reads the predecessor's trace: one JSON event per line, summaries at the end.
 *
 * @throws a `FlowError` with code `import_invalid`, naming the line
 */
export function readTrace(file: string, text: string, sha256: string): ImportedRun {
  const { events, skipped, notes } = readEvents(file, text);
  const [first] = events;
  if (!first) throw new FlowError('import_invalid', `Expected ${file} to hold events of a trace, found none`, { place: { file } });
  const others = new Set(events.map(({ session_id }) => session_id));
  if (others.size > 1) notes.push(`events of ${others.size} sessions; all were taken for those of ${first.session_id}`);
  const plan = events.map(({ prompt }) => planPrompt.exec(prompt?.user_prompt ?? '')).find(match => match !== null);
  const completed = events.findLast(({ event_type }) => event_type === 'StepComplete')?.metadata?.step_name;
  const prompts = events.flatMap(({ prompt }) => (prompt ? [prompt] : []));
  // The task stands in the final prompt of the plan, and in the user's prompt where there is no plan.
  const prompt = (plan ? prompts[0]?.final_prompt : prompts[0]?.user_prompt) ?? undefined;
  const steps = toSteps(events, notes);
  const planned = plan?.[1] === undefined ? undefined : Number(plan[1]);
  if (planned !== undefined && planned > steps.length) notes.push(`the plan had ${planned} steps, ${steps.length} began; nothing is known of the others`);
  return {
    files: [{ file, format: 'trace', sha256 }],
    sessionId: first.session_id,
    ...(completed !== undefined && { flow: completed }),
    ...(plan?.[2] !== undefined && { agent: plan[2] }),
    ...(prompt !== undefined && { prompt }),
    ...(planned !== undefined && { planned }),
    steps,
    reported: {},
    startedAt: Math.min(...events.map(({ at }) => at)),
    settledAt: Math.max(...events.map(({ at }) => at)),
    events: events.length,
    skipped,
    notes,
  };
}

function readEvents(file: string, text: string): { events: TraceEvent[]; skipped: SkippedLine[]; notes: string[] } {
  const events: TraceEvent[] = [];
  const skipped: SkippedLine[] = [];
  const lines = text.split('\n');
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (content.trim() === '') continue;
    let value: unknown;
    try {
      value = parseJsonText(content);
    } catch (cause) {
      // Whoever wrote it may have been killed in the middle of its last line.
      if (index === lines.length - 1 && events.length > 0) {
        skipped.push({ line, reason: 'cut off: the file ends in the middle of it' });
        continue;
      }
      throw new FlowError('import_invalid', `Expected line ${line} of ${file} to be JSON: ${(cause as Error).message}. Nothing was imported`, { place: { file, line }, cause });
    }
    const event = eventShape.safeParse(value);
    if (event.success) events.push({ ...event.data, line, at: Date.parse(event.data.timestamp) });
    else if (summaryShape.safeParse(value).success) skipped.push({ line, reason: 'a summary, which says nothing that the events do not' });
    else {
      const [issue] = event.error.issues;
      throw new FlowError('import_invalid', `Expected line ${line} of ${file} to be an event of a trace: ${issue?.message} at \`${issue?.path.join('.') ?? ''}\`. Nothing was imported`, { place: { file, line } });
    }
  }
  return { events, skipped, notes: [] };
}

/** Events between two beginnings of steps belong to the first; without such, every call is a step. */
function toSteps(events: readonly TraceEvent[], notes: string[]): ImportedStep[] {
  const begins = events.filter(({ prompt }) => stepPrompt.test(prompt?.user_prompt ?? ''));
  if (begins.length === 0) {
    const { calls, errors, notes: said } = pairCalls(events.flatMap(toCallEvent));
    notes.push(...said);
    return calls.map((call, index) => {
      // An error that was logged behind the last call is about it.
      const error = call.error ?? (index === calls.length - 1 ? errors.at(-1)?.message : undefined);
      return { name: call.tool, calls: [call], output: error === undefined ? call.output : null, ...(error !== undefined && { error }), startedAt: call.startedAt, settledAt: call.endedAt };
    });
  }
  return begins.map((begin, index) => {
    const next = begins[index + 1];
    const own = events.filter(({ line }) => line >= begin.line && (next === undefined || line < next.line));
    return toStep(begin, own, notes);
  });
}

function toStep(begin: TraceEvent, events: readonly TraceEvent[], notes: string[]): ImportedStep {
  const { calls, errors, notes: said } = pairCalls(events.flatMap(toCallEvent));
  notes.push(...said);
  const name = /Executing step: (\S+)/.exec(begin.prompt?.final_prompt ?? '')?.[1] ?? calls[0]?.tool ?? 'step';
  const last = calls.at(-1);
  const error = errors.at(-1)?.message ?? (last ? last.error : 'The log does not say what came of this step');
  const ended = events.filter(({ event_type }) => event_type !== 'StepComplete');
  const settledAt = Math.max(...ended.map(({ at }) => at));
  return { name, calls, output: error === undefined ? (last?.output ?? null) : null, ...(error !== undefined && { error: last?.error ?? error }), startedAt: begin.at, settledAt };
}

function toCallEvent({ line, at, tool_input: input, tool_output: output }: TraceEvent): CallEvent[] {
  if (input) return [{ type: 'input', line, at, tool: input.tool_name, args: input.tool_args }];
  if (output) return [{ type: 'output', line, at, success: output.success, results: output.results, error: output.error_message ?? null }];
  return [];
}
