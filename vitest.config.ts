import { defineConfig } from 'vitest/config';
import { LeftOut } from './test/left-out.ts';

/** Of one file or test nobody has to be told what else there is. */
const isWhole = process.argv.slice(2).every(argument => argument === 'run' || argument.startsWith('--reporter'));

export default defineConfig({
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/fixed-seed.ts'],
    // Ends what hangs; no test is to fail because the machine is slow, or has much else to do.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // On two cores the default is one worker; many tests wait for processes of their own.
    maxWorkers: 2,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'test-results.json' }], new LeftOut(isWhole)] : ['default', new LeftOut(isWhole)],
  },
});
