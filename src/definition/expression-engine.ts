import jsonata from 'jsonata';
import { createTextSeededRandom, type Random } from '../core/ids.ts';
import { FlowError } from '../core/errors.ts';
import { describeInexact, isInexact } from '../core/json-text.ts';
import type { RecordedValues } from './plan.ts';

type Recordings = Pick<RecordedValues, 'now' | 'seed'>;

// Deep enough for recursion over deep data and for grouping long lists, which JSONata evaluates side by side.
const maxDepth = 20_000;
const maxSequence = 1_000_000;

interface Recorded {
  readonly now: number;
  readonly random: Random;
}

interface Frame {
  lookup(name: string | symbol): unknown;
}

interface Focus {
  readonly environment: Frame;
}

// No `$name` can be written with a space in it, so no expression can read or replace this.
const recordedName = 'recorded values';

const getRecorded = (frame: Frame): Recorded => frame.lookup(recordedName) as Recorded;

/** A JSONata program. */
export interface Program {
  /** Has no limit of memory, and none of time but between its steps: see `evaluateApart`. */
  evaluate(scope: object, recorded: Recordings, timeLimitMs?: number): Promise<unknown>;
  readonly tree: unknown;
}

/**
 * Compiles JSONata; the clock and the dice of an evaluation are its recorded values.
 *
 * @throws JSONata's own error, an object with `code`, `position` and `message`
 */
export function compileProgram(source: string): Program {
  const options = { timeout: 0, stack: maxDepth, sequence: maxSequence };
  const program = jsonata(source, options);
  program.assign(pushFrame, replaceTimestamp);
  return {
    tree: program.ast(),
    async evaluate(scope, { now, seed }, timeLimitMs = 0) {
      const checked = await (readers ??= readReaders());
      options.timeout = timeLimitMs;
      return program.evaluate(scope, { ...functions, ...checked, [recordedName]: { now, random: createTextSeededRandom(seed) } }) as Promise<unknown>;
    },
  };
}

/** Functions that take the place of JSONata's own. JSONata tells its functions by the mark. */
const functions = {
  millis: toFunction(focus => getRecorded(focus.environment).now),
  now: toFunction((focus, picture, timezone) => {
    const fromMillis = focus.environment.lookup('fromMillis') as { implementation: (ms: number, picture?: unknown, timezone?: unknown) => string };
    return fromMillis.implementation.call(focus, getRecorded(focus.environment).now, picture, timezone);
  }),
  random: toFunction(focus => getRecorded(focus.environment).random.next()),
  shuffle: toFunction((focus, list) => {
    if (list === undefined) return undefined;
    return shuffle(Array.isArray(list) ? list : [list], getRecorded(focus.environment).random);
  }),
  eval: undefined,
};

function toFunction(run: (focus: Focus, ...values: unknown[]) => unknown): object {
  function implementation(this: Focus, ...values: unknown[]): unknown {
    return run(this, ...values);
  }
  return { _jsonata_function: true, arity: run.length - 1, implementation };
}

/** A function of JSONata, as it gives it as a value. */
interface NativeFunction {
  readonly implementation: (this: unknown, ...values: unknown[]) => unknown;
}

let readers: Promise<Readonly<Record<string, NativeFunction>>> | undefined;

/** The functions that read a number in a text, but that refuse one that would become another. */
async function readReaders(): Promise<Readonly<Record<string, NativeFunction>>> {
  const exact = async (name: string): Promise<readonly [string, NativeFunction]> => {
    const native = (await jsonata(`$${name}`).evaluate({})) as NativeFunction;
    return [name, {
      ...native,
      implementation(...values) {
        const [text] = values;
        const number = native.implementation.apply(this, values);
        // Words and groups of digits say what they mean by another number: past 2^53 nobody can tell.
        const isLost = typeof number === 'number' && Number.isFinite(number) && typeof text === 'string' && (name === 'number' ? isInexact(text, number) : Math.abs(number) > Number.MAX_SAFE_INTEGER);
        if (isLost) throw new FlowError('number_inexact', describeInexact(String(text)));
        return number;
      },
    }];
  };
  return Object.fromEntries(await Promise.all(['number', 'parseInteger'].map(exact)));
}

const pushFrame = Symbol.for('jsonata.__createFrame_push') as unknown as string;

/** `$toMillis` fills in what a time leaves out from the frame's timestamp, which JSONata sets to the present. */
function replaceTimestamp(outer: Frame, frame: Frame): void {
  if (outer.lookup(recordedName) !== undefined) return;
  Object.defineProperty(frame, 'timestamp', { get: () => new Date(getRecorded(frame).now), set: () => {} });
}

function shuffle(list: readonly unknown[], random: Random): unknown[] {
  const shuffled = [...list];
  for (let left = shuffled.length - 1; left > 0; left--) {
    const other = Math.floor(random.next() * (left + 1));
    [shuffled[left], shuffled[other]] = [shuffled[other], shuffled[left]];
  }
  return shuffled;
}
