import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { processTime } from '../core/clock.ts';

/** How long a code can be used, ms. */
const validMs = 60_000;
/** Codes that were wrong, after which no code that is open can be used any more. */
const maxWrong = 10;

interface OpenCode {
  readonly digest: Buffer;
  readonly until: number;
}

const toDigest = (code: string): Buffer => createHash('sha256').update(code).digest();

/** Codes by which a page gets its token: each once, and soon. */
export class EntryCodes {
  readonly #clock: Clock;
  #open: OpenCode[] = [];
  #wrong = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(): string {
    const code = randomBytes(24).toString('base64url');
    this.#wrong = 0;
    this.#open.push({ digest: toDigest(code), until: processTime(this.#clock) + validMs });
    return code;
  }

  /** Whether it may come in; the code is used up then. */
  use(code: string): boolean {
    const now = processTime(this.#clock);
    const digest = toDigest(code);
    this.#open = this.#open.filter(({ until }) => until > now);
    let found: OpenCode | undefined;
    // All are compared, each in the same time: how long it takes says nothing about them.
    for (const one of this.#open) if (timingSafeEqual(one.digest, digest)) found ??= one;
    if (found) this.#open.splice(this.#open.indexOf(found), 1);
    else if (++this.#wrong >= maxWrong) this.#open = [];
    return found !== undefined;
  }
}
