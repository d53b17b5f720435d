import { defineConfig } from 'vitest/config';
import plain from '../../vitest.config.ts';
import { faultFiles } from './files.ts';

/** Kills, damage and long searches: `npm run faults`. Each file in a process of its own, as they end processes and fill disks. */
export default defineConfig({
  ...plain,
  root: new URL('../..', import.meta.url).pathname,
  test: {
    ...plain.test,
    include: [...faultFiles],
    exclude: [],
    isolate: true,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'faults-results.json' }]] : ['default'],
  },
});
