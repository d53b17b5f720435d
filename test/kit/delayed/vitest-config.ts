import { resolve } from 'node:path';
import { defineConfig, mergeConfig } from 'vitest/config';
import plain from '../../../vitest.config.ts';

/** Suites of the runtime over stores that answer later: `npx vitest run -c test/kit/delayed/vitest-config.ts`. */
export default mergeConfig(plain, defineConfig({
  root: resolve(import.meta.dirname, '../../..'),
  test: { setupFiles: ['test/kit/delayed/delay-runtimes.ts'], testTimeout: 300_000 },
}));
