import { defineConfig } from 'vitest/config';

/** What needs a browser: `npm run browser`. Chromium is the one at `FLOWSTONE_CHROMIUM`, else Debian's. */
export default defineConfig({
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/build-page.ts'],
    setupFiles: ['test/fixed-seed.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One browser at a time: each takes a core.
    fileParallelism: false,
  },
});
