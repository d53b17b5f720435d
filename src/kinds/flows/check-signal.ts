import { FlowError } from '../../core/errors.ts';
import { encodeJson } from '../../core/json.ts';
import type { StandardSchema } from '../../core/standard-schema.ts';
import { listIssues, validate } from '../../core/standard-schema.ts';
import { didYouMean } from '../../core/wording.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import { checkAnswer } from '../../kernel/fallback.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import type { SignalRecord } from '../../../persistence/records.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { getSignalName, isFanOut } from '../../kernel/tree.ts';

/** Names of the signals that a step may wait for; undefined: any name, as an expression says it. */
function listNames({ id, kind, with: given, recover }: PlannedStep): readonly string[] | undefined {
  // A message comes from a queue, and from nobody else.
  if (!kind.signal || kind.message) return recover?.ask ? [recover.ask.signal] : [];
  const name = given && !given.constant ? undefined : kind.signal(given?.value, id);
  return name === undefined ? undefined : [name];
}

interface Signal {
  readonly name: string;
  readonly payload: unknown;
  /** Whether it is taken also when nothing takes it. */
  readonly force: boolean;
}

/**
 * Lets a signal in; what its schema makes of the payload is what the step gives.
 *
 * @param plan undefined: it cannot be read, which is complained about elsewhere; then every signal is taken
 * @throws a `FlowError` with code `signal_unknown`, `signal_payload_invalid` or `answer_invalid`
 */
export async function readSignal(plan: FlowPlan | undefined, schema: StandardSchema | undefined, signal: Signal, machines: StepMachines | undefined): Promise<unknown> {
  for (const { id, recover } of plan?.steps ?? []) if (recover?.ask?.signal === signal.name) checkAnswer(id, signal.payload);
  if (plan && !signal.force) requireTaken(plan, signal.name, machines);
  return schema ? readPayload(schema, signal) : signal.payload;
}

/** Refuses a signal that no step and no machine of the flow takes: it would be kept for ever, and its sender wait with it. */
function requireTaken(plan: FlowPlan, name: string, machines: StepMachines | undefined): void {
  const known: string[] = [];
  for (const step of plan.steps) {
    const names = step.role === 'machine' ? machines?.listEvents(step.target) : listNames(step);
    const own = step.role === 'machine' ? toOwnEvent(step.id, name) : name;
    if (names === undefined || names.some(one => matches(one, own))) return;
    known.push(...names);
  }
  const names = [...new Set(known)];
  const hint = didYouMean(name, names);
  const what = names.length === 0 ? 'it takes none' : `it takes ${names.slice(0, maxNames).map(one => `\`${one}\``).join(', ')}${names.length > maxNames ? ` and ${names.length - maxNames} more` : ''}`;
  throw new FlowError('signal_unknown', `Expected a signal that the flow "${plan.definition.id}" takes, got \`${name}\`${hint}${hint === '' ? ';' : ''} ${what}. To have it kept all the same: \`force: true\`, --force`, { details: { signal: name, signals: names } });
}

const maxNames = 10;

/** A signal may name the step, or the item, whose machine is to have it: `payment[2]/approve`. */
const toOwnEvent = (stepId: string, name: string): string => {
  const end = name.indexOf('/');
  return end > 0 && name.slice(0, end).replace(/\[\d+\]$/, '') === stepId ? name.slice(end + 1) : name;
};

/** Machines may take every event, or all that begin so: `*`, `order.*`. */
const matches = (taken: string, name: string): boolean => taken === name || taken === '*' || (taken.endsWith('.*') && name.startsWith(taken.slice(0, -1)));

async function readPayload(schema: StandardSchema, { name, payload }: Signal): Promise<unknown> {
  // As it will be stored: what another process sends is checked as what this one does.
  const given: unknown = JSON.parse(encodeJson(payload, { name: 'payload' }));
  const read = await validate(schema, given);
  if (!read.issues) return read.value ?? null;
  // A signal without a payload carries null.
  const empty = given === null ? await validate(schema, undefined) : read;
  if (!empty.issues) return empty.value ?? null;
  throw new FlowError('signal_payload_invalid', `The payload of the signal \`${name}\` does not fit what its flow says that it carries: ${listIssues(read.issues, 'payload').join('; ')}`, { details: { signal: name } });
}

/** Signals that may wait for a step, per execution. */
const maxWaiting = 10_000;
/** Characters of JSON that they may have together. */
const maxWaitingLength = 16 * 1_024 * 1_024;

/** Says why a signal cannot be kept until a step waits for it; undefined: it can, or one waits. */
export function findLackOfRoom({ signals, actors, flow, executionId }: FlowTree, { name, payload }: Pick<SignalRecord, 'name' | 'payload'>): FlowError | undefined {
  if (signals.length === 0 || flow.status !== 'active') return undefined;
  let length = payload.length;
  for (const waiting of signals) length += waiting.payload.length;
  if (signals.length < maxWaiting && length <= maxWaitingLength) return undefined;
  for (const actor of actors.values()) if (!isFanOut(actor) && actor.snapshot.value === 'waiting' && getSignalName(actor) === name) return undefined;
  return new FlowError(
    'signals_full',
    `Expected room for the signal "${name}" to ${executionId}, found ${signals.length} that no step has waited for yet, of ${length - payload.length} characters together; at most ${maxWaiting} of ${maxWaitingLength} are kept. Send it when a step waits for it, or cancel the execution`,
    { details: { executionId, name, waiting: signals.length } },
  );
}
