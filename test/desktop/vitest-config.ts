import { defineConfig } from 'vitest/config';

/** Apps in real windows, which need a display or one of Xvfb, gjs and WebKitGTK: `npm run desktop`. `.ci/install-desktop` installs them on Debian. */
export default defineConfig({
  resolve: { conditions: ['flowstone-source'] },
  ssr: { resolve: { conditions: ['flowstone-source', 'node'] } },
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/desktop/**/*.desktop.ts'],
    globalSetup: ['test/desktop/set-up.ts'],
    testTimeout: 400_000,
    hookTimeout: 400_000,
    fileParallelism: false,
  },
});
