import type { Recover } from './resolved-options.ts';
import type { Logger } from '../../core/logger.ts';

/** What a choice is made by. */
interface Candidate {
  readonly key: number;
  readonly executionId: string;
  readonly flowId: string;
  readonly digest: string;
}

/** Which executions of earlier processes this runtime goes on with. */
export class Recovery {
  readonly #recover: Recover | undefined;
  readonly #logger: Logger;
  /** What `recover` answered, by key: it is asked once. */
  readonly #chosen = new Map<number, boolean>();
  /** Executions that were left out first, and called for since. */
  readonly #allowed = new Set<number>();
  /** Executions with a higher key were started by this runtime. */
  #firstKey = -1;

  constructor(recover: Recover | undefined, logger: Logger) {
    this.#recover = recover;
    this.#logger = logger;
  }

  /** Notes where this runtime began; returns whether it is the first time, and everything of before is left alone. */
  begin(lastKey: number): { readonly leavesAll: boolean } {
    if (this.#firstKey < 0) this.#firstKey = lastKey;
    return { leavesAll: this.#recover === false && lastKey === this.#firstKey };
  }

  isOwn(key: number): boolean {
    return key > this.#firstKey;
  }

  mayContinue({ key, executionId, flowId, digest }: Candidate): boolean {
    if (this.isOwn(key) || this.#allowed.has(key)) return true;
    const recover = this.#recover ?? true;
    if (typeof recover !== 'function') return recover;
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    let chosen = false;
    try {
      chosen = recover({ executionId, flowId, digest });
    } catch (error) {
      this.#logger.error({ err: error, executionId }, '`recover` threw; the execution stays where it is');
    }
    this.#chosen.set(key, chosen);
    return chosen;
  }

  /** It is to go on after all. */
  allow(key: number): void {
    this.#allowed.add(key);
  }

  forget(key: number): void {
    this.#chosen.delete(key);
    this.#allowed.delete(key);
  }
}
