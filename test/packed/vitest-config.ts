import { defineConfig } from 'vitest/config';

/** What is packed, as whoever installs it finds it: `npm run packed`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/packed/**/*.packed.ts'],
    globalSetup: ['test/packed/pack-once.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    // What is measured here is measured alone.
    fileParallelism: false,
  },
});
