/** Writes one line: what it is about, then the words; or the words alone. */
export interface LogMethod {
  (about: object, message?: string): void;
  (message: string): void;
}

/** What Flowstone logs with: a logger of [pino](https://getpino.io) is one, and so is anything else of this shape. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger whose lines all carry this, too. */
  child(about: { readonly [key: string]: unknown }): Logger;
}

const say = (): void => undefined;

/** The default logger: says nothing. */
export const silentLogger: Logger = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say, child: () => silentLogger };
