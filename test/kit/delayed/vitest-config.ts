import { defineConfig } from 'vitest/config';
import { settings } from '../../vitest-settings.ts';

/** Suites of the runtime over stores that answer later: `npx vitest run -c test/kit/delayed/vitest-config.ts`. */
export default defineConfig({
  ...settings,
  test: {
    ...settings.test,
    include: ['test/**/*.test.ts'],
    setupFiles: [...settings.test.setupFiles, 'test/kit/delayed/delay-runtimes.ts'],
    testTimeout: 300_000,
  },
});
