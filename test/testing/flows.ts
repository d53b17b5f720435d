import { defineFlow } from '../../src/definition/define-flow.ts';

/** Four steps with a retry, a timeout, a condition and a list. */
export const swap = defineFlow({
  id: 'swap',
  timeout: '1h',
  steps: [
    { id: 'balance', uses: 'tool:balance', retry: { maxAttempts: 3 }, timeout: '1m' },
    { id: 'quote', uses: 'tool:quote', depends_on: ['balance'], critical: false, timeout: '10s' },
    { id: 'swap', uses: 'tool:swap', depends_on: ['quote'], when: '{% input.amount > 0 %}', with: { amount: '{% input.amount %}' } },
    { id: 'mail', uses: 'tool:mail', depends_on: ['swap'], for_each: '{% input.people %}' },
  ],
});

/** Everything a step can wait for, in a flow that stops at the first failure. */
export const waits = defineFlow({
  id: 'waits',
  concurrency: 2,
  mode: 'strict',
  steps: [
    { id: 'nap', uses: 'sleep', with: { for: '1h' } },
    { id: 'ask', uses: 'signal', with: { name: 'go' }, timeout: '2h' },
    { id: 'sub', uses: 'flow:inner', depends_on: ['nap'], timeout: '1d', with: { n: '{% input.n %}' } },
    { id: 'each', uses: 'tool:x', for_each: [1, 2, 3], with: '{% item %}', timeout: '5s', retry: { maxAttempts: 2 } },
    { id: 'end', uses: 'exec', with: { command: 'ls' }, depends_on: ['ask', 'sub', 'each'] },
  ],
});

/** Every way a step can be recovered: another step, a person, one after the other. */
export const recoveries = defineFlow({
  id: 'recoveries',
  steps: [
    { id: 'first', uses: 'tool:first', recover: { alternative: 'second' } },
    { id: 'second', uses: 'tool:second' },
    { id: 'asks', uses: 'tool:asks', depends_on: ['first'], recover: { ask: { timeout: '1h' } } },
  ],
});

/** A clean-up that runs whatever has become of the others, in a flow that stops at the first failure. */
export const cleanups = defineFlow({
  id: 'cleanups',
  mode: 'strict',
  steps: [
    { id: 'open', uses: 'tool:open' },
    { id: 'work', uses: 'tool:work', depends_on: ['open'], when: '{% steps.open.output.count > 2 %}' },
    { id: 'close', uses: 'tool:close', depends_on: ['work'], run: 'always', with: { file: '{% steps.open.output.file %}' } },
  ],
});
