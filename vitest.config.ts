import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/fixed-seed.ts'],
    testTimeout: 60_000,
    // On two cores the default is one worker; many tests wait for processes of their own.
    maxWorkers: 2,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
  },
});
