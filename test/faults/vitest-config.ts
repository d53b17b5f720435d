import { defineConfig } from 'vitest/config';
import { reportTo, settings } from '../vitest-settings.ts';
import { faultFiles } from './files.ts';

/** Kills, damage and long searches: `npm run faults`. Each file in a process of its own, as they end processes and fill disks. */
export default defineConfig({
  ...settings,
  test: { ...settings.test, include: [...faultFiles], reporters: reportTo('faults-results.json') },
});
