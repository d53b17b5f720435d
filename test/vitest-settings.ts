import type { ViteUserConfig } from 'vitest/config';

/** What every run of the test files has in common: `npm test`, `npm run faults`, the suites over stores that answer later. */
export const settings = {
  root: new URL('..', import.meta.url).pathname,
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    setupFiles: ['test/fixed-seed.ts'],
    // Ends what hangs; no test is to fail because the machine is slow, or has much else to do.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // On two cores the default is one worker; many tests wait for processes of their own.
    maxWorkers: 2,
  },
} satisfies ViteUserConfig;

/** The default reporter, and in CI a file with every test. */
export function reportTo(outputFile: string): ['default'] | ['default', ['json', { readonly outputFile: string }]] {
  return process.env['CI'] ? ['default', ['json', { outputFile }]] : ['default'];
}
