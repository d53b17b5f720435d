import type { StepKey, StepKind } from './step-kind.ts';
import { readMessageWait, readSignalName, readSleep, type WithMistake } from './wait.ts';

type Refusals = { readonly [key in StepKey]?: string };

const toMistake = (read: object): WithMistake | undefined => ('expected' in read ? (read as WithMistake) : undefined);

const forWork = (key: string): string => `\`${key}\` is for steps that do work: \`tool:…\`, \`exec\`, \`http\``;
const noWork: Refusals = { retry: forWork('retry'), recover: forWork('recover'), artifacts: forWork('artifacts'), models: forWork('models') };
/** What steps that only wait have no use for. */
export const onlyWaits: Refusals = { ...noWork, for_each: '`for_each` is for `tool:…`, `exec`, `http`, `flow:…` and `machine:…`' };

const getTarget = (uses: string): string => uses.slice(uses.indexOf(':') + 1);

/** Under this name a message reaches the step that waits for it: its own, so that no other step takes it. */
export const toMessageSignal = (stepId: string): string => `message:${stepId}`;

const tool: StepKind = { name: 'tool', form: 'tool:name', target: /^[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}$/, role: 'task' };
const tasks: readonly StepKind[] = ['exec', 'http', 'publish'].map(name => ({ name, form: name, role: 'task' }));

const sleep: StepKind = {
  name: 'sleep',
  form: 'sleep',
  role: 'sleep',
  refuses: { ...onlyWaits, timeout: 'how long it sleeps is in `with`' },
  withKeys: ['for', 'until'],
  check: value => toMistake(readSleep(value)),
  code: 'sleep_invalid',
  wakeAt: (value, now) => {
    const read = readSleep(value);
    return 'forMs' in read ? now + read.forMs : 'untilMs' in read ? read.untilMs : now;
  },
  describe: () => 'sleeps',
  brackets: ['([', '])'],
  sample: (value, { position }) => {
    const read = readSleep(value);
    return 'untilMs' in read ? { until: read.untilMs } : { for: ('forMs' in read ? read.forMs : 3_600_000) + position };
  },
};

const signal: StepKind = {
  name: 'signal',
  form: 'signal',
  role: 'signal',
  refuses: onlyWaits,
  withKeys: ['name'],
  check: value => toMistake(readSignalName(value)),
  code: 'signal_invalid',
  signal: value => {
    const read = readSignalName(value);
    return 'name' in read ? read.name : undefined;
  },
  describe: ({ signal: name }) => (name === undefined ? 'waits for a signal' : `waits for signal ${name}`),
  brackets: ['>', ']'],
  sample: (value, { id }) => ('name' in readSignalName(value) ? value : { name: id }),
};

/** A message reaches its step as a signal does; the queues know which one it is for. */
const awaitMessage: StepKind = {
  name: 'await_message',
  form: 'await_message',
  role: 'signal',
  refuses: onlyWaits,
  withKeys: ['queue', 'correlation_id'],
  check: value => toMistake(readMessageWait(value)),
  code: 'message_wait_invalid',
  signal: (_value, stepId) => toMessageSignal(stepId),
  message: value => {
    const read = readMessageWait(value);
    return 'queue' in read ? read : undefined;
  },
  describe: () => 'waits for a message',
  brackets: ['>', ']'],
};

const flow: StepKind = {
  name: 'flow',
  form: 'flow:id',
  target: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/,
  role: 'flow',
  refuses: noWork,
  describe: ({ uses }) => `waits for flow:${getTarget(uses)}`,
  brackets: ['[[', ']]'],
};

const machine: StepKind = {
  name: 'machine',
  form: 'machine:id',
  target: /^\S(?:.{0,198}\S)?$/,
  role: 'machine',
  refuses: noWork,
  describe: ({ uses }) => `waits for machine:${getTarget(uses)}`,
  brackets: ['{{', '}}'],
};

/** In the order in which messages list them. */
export const builtInStepKinds: readonly StepKind[] = [tool, ...tasks.slice(0, 2), sleep, signal, ...tasks.slice(2), awaitMessage, flow, machine];
