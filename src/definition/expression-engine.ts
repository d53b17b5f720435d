import { createContext, Script } from 'node:vm';
import jsonata from 'jsonata';
import { monotonicNow } from '../core/clock.ts';
import { createSeededRandom, type Random } from '../core/ids.ts';
import type { RecordedValues } from './plan.ts';

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

/** When the evaluation that runs now must be done, as `monotonicNow()`. There is one at a time. */
let deadline = Number.POSITIVE_INFINITY;
let last: Promise<unknown> = Promise.resolve();

/** A JSONata program that can be evaluated under limits. */
export interface Program {
  evaluate(scope: object, recorded: RecordedValues): Promise<unknown>;
  readonly tree: unknown;
}

/**
 * Compiles JSONata; the clock and the dice of an evaluation are its recorded values.
 *
 * @throws JSONata's own error, an object with `code`, `position` and `message`
 */
export function compileProgram(source: string): Program {
  const options: jsonata.JsonataOptions = { timeout: 0, stack: maxDepth, sequence: maxSequence, RegexEngine: LimitedRegExp as unknown as RegExpConstructor };
  const program = jsonata(source, options);
  program.assign(pushFrame, replaceTimestamp);
  const run = async (scope: object, { now, seed, timeLimitMs }: RecordedValues): Promise<unknown> => {
    options.timeout = timeLimitMs;
    deadline = monotonicNow() + timeLimitMs;
    return program.evaluate(scope, { ...functions, [recordedName]: { now, random: createSeededRandom(hashText(seed)) } });
  };
  return {
    tree: program.ast(),
    // One after the other: each then has its time limit to itself, however many flows evaluate at once.
    evaluate(scope, recorded) {
      const result = last.then(() => run(scope, recorded));
      last = result.catch(() => undefined);
      return result;
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

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  return hash;
}

const sandbox: { regex: RegExp | null; text: string } = Object.assign(Object.create(null), { regex: null, text: '' });
let execScript: Script | undefined;
const maxQuickLength = 2_000;

/**
 * A regular expression that cannot run past the deadline.
 *
 * Only `vm` can interrupt one that backtracks; that costs 0.2 ms per match, so what cannot take long is run directly.
 */
class LimitedRegExp {
  readonly #regex: RegExp;
  readonly #isQuick: (text: string) => boolean;

  constructor(regex: RegExp) {
    this.#regex = new RegExp(regex.source, regex.flags);
    const quantifiers = regex.source.match(/[*+?{]/g)?.length ?? 0;
    const isSimple = quantifiers === 1 && !/[(|]/.test(regex.source);
    this.#isQuick = text => quantifiers === 0 || (isSimple && text.length <= maxQuickLength);
  }

  get lastIndex(): number {
    return this.#regex.lastIndex;
  }

  set lastIndex(index: number) {
    this.#regex.lastIndex = index;
  }

  exec(text: string): RegExpExecArray | null {
    const left = Math.ceil(deadline - monotonicNow());
    if (left <= 0) throw timedOut();
    if (this.#isQuick(text)) return this.#regex.exec(text);
    execScript ??= prepareExec();
    sandbox.regex = this.#regex;
    sandbox.text = text;
    try {
      return execScript.runInContext(sandbox, { timeout: left }) as RegExpExecArray | null;
    } catch (error) {
      // The error belongs to the sandbox's realm.
      if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw timedOut();
      throw error;
    } finally {
      sandbox.text = '';
    }
  }
}

function prepareExec(): Script {
  createContext(sandbox);
  return new Script('regex.exec(text)');
}

/** As JSONata reports it when its own check meets the time limit. */
function timedOut(): Error {
  return Object.assign(new Error('Evaluation timeout'), { code: 'D1012' });
}
