import { z } from 'zod';
import { FlowError } from '../core/errors.ts';
import type { ImportedRun, ImportedStep } from './imported-run.ts';

const observationShape = z.looseObject({ last_transaction_status: z.string().nullish(), last_transaction_error: z.string().nullish() });
const stepShape = z.looseObject({ thought: z.unknown(), action: z.unknown(), observation: observationShape.nullish() });
const sessionShape = z.looseObject({
  session_id: z.string().min(1),
  benchmark_id: z.string().nullish(),
  agent_type: z.string().nullish(),
  /** Seconds. */
  start_time: z.number(),
  end_time: z.number().nullish(),
  final_result: z.looseObject({
    success: z.boolean(),
    score: z.number().nullish(),
    status: z.string().nullish(),
    execution_time_ms: z.number().nullish(),
    data: z.looseObject({ prompt: z.string().nullish(), steps: z.array(stepShape).nullish() }).nullish(),
  }).nullish(),
});

/** Whether a JSON value is one of a session file. */
export const isSession = (value: unknown): boolean => typeof value === 'object' && value !== null && 'session_id' in value && ('final_result' in value || 'start_time' in value);

/**
 * Reads the predecessor's session file: one run, its steps with what they sent and what was seen afterwards.
 *
 * @throws a `FlowError` with code `import_invalid`, naming the place
 */
export function readSession(file: string, value: unknown, sha256: string): ImportedRun {
  const { data: session, error } = sessionShape.safeParse(value);
  if (!session) {
    const [issue] = error.issues;
    throw new FlowError('import_invalid', `Expected ${file} to be a session file: ${issue?.message} at \`${issue?.path.join('.') ?? ''}\`. Nothing was imported`, { place: { file, path: issue?.path.join('.') ?? '' } });
  }
  const { session_id: sessionId, benchmark_id: flow, agent_type: agent, start_time: start, end_time: end, final_result: result } = session;
  const startedAt = Math.round(start * 1_000);
  const settledAt = Math.max(startedAt, Math.round((end ?? start) * 1_000));
  const listed = result?.data?.steps ?? [];
  const notes = result ? [] : ['it has no final result: its process was ended before'];
  if (result && listed.length === 0) notes.push('it lists no steps');
  return {
    files: [{ file, format: 'session', sha256 }],
    sessionId,
    ...(flow && { flow }),
    ...(agent && { agent }),
    ...(result?.data?.prompt && { prompt: result.data.prompt }),
    steps: listed.map(step => toStep(step, startedAt, settledAt)),
    reported: result ? { success: result.success, ...(result.score != null && { score: result.score }), ...(result.status && { status: result.status }) } : { success: false },
    startedAt,
    settledAt,
    events: listed.length,
    skipped: [],
    notes,
  };
}

/** A step's transaction is its one call; the file has one start and one end for all of them. */
function toStep({ thought, action, observation }: z.infer<typeof stepShape>, startedAt: number, settledAt: number): ImportedStep {
  const success = observation?.last_transaction_status === 'Success' && observation.last_transaction_error == null;
  const error = success ? undefined : (observation?.last_transaction_error ?? `The transaction's status is ${observation?.last_transaction_status ?? 'not in the file'}`);
  const output = { observation, ...(thought != null && { thought }) };
  const call = { tool: 'transaction', input: { action }, output: success ? output : null, ...(error !== undefined && { error }), startedAt, endedAt: settledAt };
  return { name: 'transaction', calls: [call], output: success ? output : null, ...(error !== undefined && { error }), startedAt, settledAt };
}
