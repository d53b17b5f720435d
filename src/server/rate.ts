import { RateLimiterMemory } from 'rate-limiter-flexible';
import { FlowError } from '../core/errors.ts';

const defaultPerSecond = 2_000;
/** Requests without a good token, of all who have none together. */
const refusedPerSecond = 50;

/** Bounds how often the bearer of a token may ask, and how often one may be guessed. */
export class Rate {
  readonly #asked: RateLimiterMemory | undefined;
  readonly #refused = new RateLimiterMemory({ points: refusedPerSecond, duration: 1 });

  /** @param perSecond default 2,000; `Infinity`: as often as they like */
  constructor(perSecond = defaultPerSecond) {
    if (!(perSecond >= 1)) throw new FlowError('option_invalid', `Expected \`requestsPerSecond\` to be a number ≥ 1, got ${String(perSecond)}`);
    this.#asked = perSecond === Number.POSITIVE_INFINITY ? undefined : new RateLimiterMemory({ points: Math.floor(perSecond), duration: 1 });
  }

  /** @param who names the token. @throws a `FlowError` with code `requests_too_many` */
  async admit(who: string): Promise<void> {
    if (this.#asked) await take(this.#asked, who);
  }

  /** Somebody came without a good token. @throws a `FlowError` with code `requests_too_many` */
  async refuse(): Promise<void> {
    await take(this.#refused, 'refused');
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (error instanceof Error) throw error;
    throw new FlowError('requests_too_many', `Expected at most ${limiter.points} requests a second`);
  }
}
