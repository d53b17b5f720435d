import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Receipt } from './checkout-machine.ts';

/**
 * Somebody who takes money, far away: a file of its own is all that it keeps, and it answers slowly.
 *
 * Like real ones it charges once for each key, whoever asks how often.
 */
export class PaymentProvider {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async charge({ key, amountCents, signal }: { readonly key: string; readonly amountCents: number; readonly signal: AbortSignal }): Promise<Receipt> {
    appendFileSync(this.#file, `asked ${key}\n`);
    await wait(200, undefined, { signal });
    const answer = { receipt: `R-${key}`, amountCents };
    if (this.#read().includes(`charged ${key} ${amountCents}`)) return answer;
    appendFileSync(this.#file, `charged ${key} ${amountCents}\n`);
    // The money is taken, and nobody has been told: the worst moment to be killed at.
    await wait(2_000, undefined, { signal });
    return answer;
  }

  #read(): string[] {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n') : [];
  }
}
