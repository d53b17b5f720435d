import { readStored } from '../../src/core/stored-value.ts';
import type { AttemptRecord, StepRecord } from '../records.ts';
import { requireRow } from '../table-rules.ts';
import type { Row } from '../table.ts';
import { attempts as attemptTable, steps as stepTable } from './flow-tables.ts';
import { quoteText } from '../../src/core/json-text.ts';
import { toJson } from './reading.ts';

/** What one row of the journal says of the steps of its execution. */
export interface StepChanges {
  readonly steps: readonly StepRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** The flow's context after it; undefined: as the execution's row has it. */
  readonly context?: string | undefined;
}

/** Context: how many slots were granted and released, how many steps are settled and completed; then what else is in it. */
export type ContextText = readonly [number | null, number | null, number | null, number | null, { readonly [name: string]: unknown }?];

/**
 * The text of a row's `changes`, each part left out where it is empty.
 *
 * Times are told by their distance from the row's `at`, ms. Nearly every step begins and is completed by its first run: of
 * these there are only a few values.
 */
interface Text {
  readonly c?: ContextText;
  /** Begun, in their first run, at the row's time: step id, position, item (left out: the step itself). */
  readonly b?: readonly (readonly [string, number, number?])[];
  /** Completed by their first run, at the row's time: step id, position, when they began, item. Their outputs are the first of the row. */
  readonly d?: readonly (readonly [string, number, number, number?])[];
  /** Any other step: what is not as in most. */
  readonly s?: readonly { readonly [name: string]: unknown }[];
  /** Any other attempt; `output` is the place of its output among those of the row. */
  readonly a?: readonly { readonly [name: string]: unknown }[];
}

const counts = ['granted', 'released', 'settled', 'completed'] as const;
const noItem = -1;

/** The context of nearly every flow: figures and nothing else. Reading them so takes a fifth of what parsing does. */
const figuresOnly = /^\{"granted":(\d+),"released":(\d+),"settled":(\d+),"completed":(\d+)\}$/;

/** As `JSON.stringify(toContext(context))`. */
function writeContext(context: string): string {
  const plain = figuresOnly.exec(context);
  return plain ? `[${plain[1]},${plain[2]},${plain[3]},${plain[4]}]` : JSON.stringify(toContext(context));
}

export function toContext(context: string): ContextText {
  const plain = figuresOnly.exec(context);
  if (plain) return [Number(plain[1]), Number(plain[2]), Number(plain[3]), Number(plain[4])];
  const { granted, released, settled, completed, ...rest } = JSON.parse(context) as { readonly [name: string]: unknown };
  const figures = [granted, released, settled, completed].map(value => (typeof value === 'number' ? value : null)) as [number | null, number | null, number | null, number | null];
  return Object.keys(rest).length === 0 ? figures : [...figures, rest];
}

export function fromContext([granted, released, settled, completed, rest = {}]: ContextText): string {
  const figures = [granted, released, settled, completed].flatMap((value, index) => (value === null ? [] : [[counts[index] as string, value] as const]));
  return JSON.stringify({ ...Object.fromEntries(figures), ...rest });
}

const isPlain = (row: StepRecord): boolean =>
  row.position >= 0 && row.item >= noItem && row.run === 1 && row.attempt === 1 && row.interruptions === 0 && row.startedAt !== null && row.runAt === row.startedAt
  && row.failure === null && row.dueAt === null && row.counters === null && row.recovery === null && row.originKey === null && !row.stale;

/** The only attempt of a step that its first run completed. */
const isOnly = (attempt: AttemptRecord, step: StepRecord): attempt is AttemptRecord & { output: string } =>
  attempt.run === 1 && attempt.attempt === 1 && attempt.status === 'completed' && attempt.startedAt === step.startedAt && attempt.endedAt === step.settledAt
  && attempt.failure === null && attempt.output !== null;

/** Outputs lie in lines: JSON has none of its own unless it was laid out. */
const toLine = (output: string): string => (output.includes('\n') ? JSON.stringify(JSON.parse(output)) : output);

const withoutDefaults = (row: object, defaults: { readonly [name: string]: unknown }): { [name: string]: unknown } =>
  Object.fromEntries(Object.entries(row).filter(([name, value]) => name in defaults && value !== defaults[name]));

const stepDefaults = {
  position: undefined, item: noItem, stepId: undefined, status: undefined, run: 0, attempt: 0, interruptions: 0, runAt: null, startedAt: null, settledAt: null, dueAt: null, counters: null,
  failure: null, recovery: null, originKey: null, originPosition: null, stale: false,
};
const attemptDefaults = { position: undefined, item: noItem, run: undefined, attempt: undefined, status: undefined, startedAt: undefined, endedAt: undefined, failure: null };
const times = ['runAt', 'startedAt', 'settledAt', 'dueAt', 'endedAt'];

const shift = (row: { [name: string]: unknown }, by: number): { [name: string]: unknown } => {
  for (const name of times) if (typeof row[name] === 'number') row[name] = row[name] + by;
  return row;
};

/**
 * The text of a row's `changes`, and its outputs. Written by hand: nearly all of it is the few values of plain steps.
 *
 * @throws a TypeError for a record that may not be: what the table of such rows would refuse
 */
export function writeChanges(at: number, { steps, attempts, context }: StepChanges): { readonly changes: string; readonly outputs: string | null } {
  const find = indexAttempts(attempts);
  let begun = '';
  let done = '';
  let others = '';
  let outputs: string | null = null;
  let lines = 0;
  const told: AttemptRecord[] = [];
  const addLine = (output: string): number => {
    outputs = outputs === null ? toLine(output) : `${outputs}\n${toLine(output)}`;
    return lines++;
  };
  for (const row of steps) {
    const { stepId, position, item, startedAt } = row;
    const plain = isPlain(row);
    if (plain && row.status === 'running' && startedAt === at) {
      begun += `${begun === '' ? '' : ','}[${quoteText(stepId)},${position}${item === noItem ? '' : `,${item}`}]`;
      continue;
    }
    const attempt = plain && row.status === 'completed' && row.settledAt === at ? find(row) : undefined;
    if (attempt && isOnly(attempt, row)) {
      done += `${done === '' ? '' : ','}[${quoteText(stepId)},${position},${(startedAt as number) - at}${item === noItem ? '' : `,${item}`}]`;
      told.push(attempt);
      addLine(attempt.output);
    } else others += `${others === '' ? '' : ','}${JSON.stringify(writeStep(row, at))}`;
  }
  const rest = told.length === attempts.length ? '' : listRest(attempts, told).map(row => JSON.stringify(writeAttempt(row, at, addLine))).join();
  let text = context === undefined ? '' : `"c":${writeContext(context)}`;
  text = addPart(addPart(addPart(addPart(text, 'b', begun), 'd', done), 's', others), 'a', rest);
  return { changes: `{${text}}`, outputs };
}

const addPart = (text: string, name: string, list: string): string => (list === '' ? text : `${text}${text === '' ? '' : ','}"${name}":[${list}]`);

function listRest(attempts: readonly AttemptRecord[], told: readonly AttemptRecord[]): readonly AttemptRecord[] {
  if (told.length === 0) return attempts;
  const known = new Set(told);
  return attempts.filter(row => !known.has(row));
}

function writeAttempt(row: AttemptRecord, at: number, addLine: (output: string) => number): object {
  const text = shift(withoutDefaults(requireAttempt(row), attemptDefaults), -at);
  if (row.output !== null) text['output'] = addLine(row.output);
  return text;
}

type Place = { readonly position: number; readonly item: number };

/** Looking through so few costs less than an index of them. */
const fewAttempts = 4;

/** Finds the last attempt of a step. */
function indexAttempts(attempts: readonly AttemptRecord[]): (step: Place) => AttemptRecord | undefined {
  if (attempts.length <= fewAttempts) return ({ position, item }) => attempts.findLast(row => row.position === position && row.item === item);
  const byPlace = new Map(attempts.map(row => [toPlace(row), row]));
  return step => byPlace.get(toPlace(step));
}

const toPlace = ({ position, item }: Place): string => `${position}/${item}`;

/**
 * What is not as in most steps, times by their distance from `at`.
 *
 * @throws a TypeError for a step that may not be
 */
export const writeStep = (row: StepRecord, at: number): { [name: string]: unknown } => shift(withoutDefaults(requireStep(row), stepDefaults), -at);

export const readStep = (executionKey: number, text: { readonly [name: string]: unknown }, at: number): StepRecord =>
  ({ ...step(executionKey, '', 0, noItem, {}), run: 0, attempt: 0, ...shift({ ...text }, at) }) as StepRecord;

function requireStep(row: StepRecord): StepRecord {
  requireRow(stepTable, { ...(row as object as Row), stale: Number(row.stale), failure: toJson(row.failure) });
  return row;
}

function requireAttempt(row: AttemptRecord): AttemptRecord {
  requireRow(attemptTable, { ...(row as object as Row), failure: toJson(row.failure) });
  return row;
}

const step = (executionKey: number, stepId: string, position: number, item: number, parts: Partial<StepRecord>): StepRecord =>
  ({
    executionKey, position, item, stepId, run: 1, attempt: 1, interruptions: 0, counters: null, status: 'running', dueAt: null, runAt: null, failure: null, startedAt: null, settledAt: null,
    originKey: null, originPosition: null, stale: false, recovery: null, ...parts,
  }) as StepRecord;

/**
 * Reads what a row says. Of a row whose `outputs` were not asked for, outputs are empty texts.
 *
 * @throws a `FlowError` with code `store_damaged`
 */
export function readChanges(executionKey: number, row: Row): StepChanges {
  const at = row['at'] as number;
  const text = readStored<Text>('journal.changes', row['number'] as number, row['changes'] as string);
  const lines = typeof row['outputs'] === 'string' ? row['outputs'].split('\n') : [];
  // Not asked for: that there is one is known, and nothing else.
  const outputAt = (index: number): string | null => ('outputs' in row ? (lines[index] ?? null) : '');
  const steps: StepRecord[] = [];
  const attempts: AttemptRecord[] = [];
  for (const [stepId, position, item = noItem] of text.b ?? []) steps.push(step(executionKey, stepId, position, item, { runAt: at, startedAt: at }));
  for (const [index, [stepId, position, from, item = noItem]] of (text.d ?? []).entries()) {
    const startedAt = at + from;
    steps.push(step(executionKey, stepId, position, item, { status: 'completed', runAt: startedAt, startedAt, settledAt: at }));
    attempts.push({ executionKey, position, item, run: 1, attempt: 1, status: 'completed', startedAt, endedAt: at, failure: null, output: outputAt(index) });
  }
  for (const other of text.s ?? []) steps.push(readStep(executionKey, other, at));
  for (const { output, ...other } of text.a ?? []) {
    attempts.push({ executionKey, item: noItem, failure: null, ...shift({ ...other }, at), output: typeof output === 'number' ? outputAt(output) : null } as AttemptRecord);
  }
  return { steps, attempts, context: text.c && fromContext(text.c) };
}
