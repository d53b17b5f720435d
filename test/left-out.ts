import type { Reporter } from 'vitest/node';

/** What is not in `npm test`: it needs a browser, a window, or many minutes. */
const leftOut = 'npm run faults (kills, damage, long searches), browser (Chromium), desktop (windows), docs, packed (what is published), torture, soak, simulate, mutate';

/** Says at the end of a whole run what was not run. */
export class LeftOut implements Reporter {
  readonly #isWhole: boolean;

  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  onTestRunEnd(): void {
    if (this.#isWhole) console.log(`Left out: ${leftOut}`);
  }
}
