import type { Clock } from './clock.ts';
import type { Logger, LogMethod } from './logger.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Longest text of what a line is about, characters. */
const maxLength = 4_096;

/** A line that a handler has logged. */
export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  readonly level: (typeof levels)[number];
  readonly stepId: string | null;
  readonly message: string;
  /** What it is about, as JSON text; null: nothing. */
  readonly about: string | null;
}

type Take = (line: LogLine) => void;
type About = { readonly [key: string]: unknown };

/**
 * Lets lines of one execution be read along while somebody wants to. While nobody does, it hands out the loggers below it
 * and costs one look into an empty map for each of them.
 */
export class LogTap {
  readonly logger: Logger;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<Take>>();

  constructor(below: Logger, clock: Clock) {
    this.#clock = clock;
    const child = (about: About): Logger => this.#isHeard(about) ? this.#tap(below.child(about), about) : below.child(about);
    this.logger = { ...wrap(name => (...line) => below[name](...(line as [object, string]))), child };
  }

  /** Tells lines of handlers that ask for their logger from now on. @returns what ends it */
  listen(executionId: string, take: Take): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    this.#listeners.set(executionId, listeners.add(take));
    return () => {
      listeners.delete(take);
      if (listeners.size === 0) this.#listeners.delete(executionId);
    };
  }

  #isHeard({ executionId }: About): boolean {
    return this.#listeners.size > 0 && typeof executionId === 'string' && this.#listeners.has(executionId);
  }

  #tap(below: Logger, given: About): Logger {
    return {
      ...wrap(level => (...line) => {
        below[level](...(line as [object, string]));
        this.#tell(level, given, line);
      }),
      child: about => this.#tap(below.child(about), { ...given, ...about }),
    };
  }

  #tell(level: LogLine['level'], given: About, [first, second]: readonly unknown[]): void {
    const message = typeof first === 'string' ? first : String(second ?? '');
    const { executionId, stepId, ...rest } = { ...given, ...(typeof first === 'object' && first) } as About;
    const line: LogLine = {
      at: this.#clock.now(), level, message, stepId: typeof stepId === 'string' ? stepId : null, about: describe(rest),
    };
    for (const take of this.#listeners.get(String(executionId)) ?? []) take(line);
  }
}

const wrap = (toMethod: (level: LogLine['level']) => (...line: unknown[]) => void): Omit<Logger, 'child'> =>
  Object.fromEntries(levels.map(level => [level, toMethod(level) as LogMethod])) as unknown as Omit<Logger, 'child'>;

function describe(about: About): string | null {
  if (Object.keys(about).length === 0) return null;
  try {
    const toPlain = (_: string, value: unknown): unknown =>
      value instanceof Error ? { name: value.name, message: value.message } : typeof value === 'bigint' ? String(value) : value;
    return JSON.stringify(about, toPlain).slice(0, maxLength);
  } catch {
    return '"(cannot be written as JSON)"';
  }
}
