import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

interface Run {
  readonly executionId: string;
  readonly stepId: string;
  /** -1: no item. */
  readonly item: number;
  readonly attempt: number;
  readonly key: string;
}

/** What a process of the storm wrote down, outside of the database: before it did something, or after it was told so. */
export type Witnessed =
  | ({ readonly what: 'start' | 'fail' | 'end' } & Run)
  | { readonly what: 'started'; readonly n: number; readonly executionId: string }
  | { readonly what: 'settled'; readonly executionId: string }
  | { readonly what: 'published'; readonly n: number; readonly messageId: string }
  | { readonly what: 'job'; readonly messageId: string }
  | { readonly what: 'plain' | 'plain.end'; readonly messageId: string; readonly n: number }
  | { readonly what: 'sending' | 'sent'; readonly account: string; readonly n: string }
  | { readonly what: 'pay' | 'paid'; readonly account: number; readonly round: number; readonly key: string }
  | { readonly what: 'ready' | 'owner' | 'idle'; readonly pid: number };

export type Note = (seen: Witnessed) => void;

/** Reads what is written down, from where it was left. */
export class WitnessReader {
  readonly #file: number;
  #position = 0;
  #rest = '';

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** The lines that are new. One that a kill cut short was never finished and does not count. */
  read(): Witnessed[] {
    const bytes = Buffer.alloc(fstatSync(this.#file).size - this.#position);
    this.#position += readSync(this.#file, bytes, 0, bytes.length, this.#position);
    const lines = (this.#rest + bytes.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap(line => {
      try {
        return [JSON.parse(line) as Witnessed];
      } catch (error) {
        if (error instanceof SyntaxError) return [];
        throw error;
      }
    });
  }

  close(): void {
    closeSync(this.#file);
  }
}
