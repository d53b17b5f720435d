import { defineConfig } from 'vitest/config';

/** Everything the pages are checked by, also what takes long: `npm run docs`. */
export default defineConfig({
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/docs/**/*.{test,page}.ts', 'test/persistence/sqlite/documentation.test.ts', 'test/views/mermaid.test.ts'],
    // What a run that was killed has left of the project that it made.
    exclude: ['**/node_modules/**', '**/.quickstart-*/**'],
    setupFiles: ['test/fixed-seed.ts'],
    testTimeout: 300_000,
    maxWorkers: 2,
  },
});
