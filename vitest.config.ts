import { defineConfig } from 'vitest/config';
import { faultFiles } from './test/faults/files.ts';
import { LeftOut } from './test/left-out.ts';
import { reportTo, settings } from './test/vitest-settings.ts';

/** Of one file or test nobody has to be told what else there is. */
const isWhole = process.argv.slice(2).every(argument => argument === 'run' || argument.startsWith('--reporter'));

/** Files that replace modules, or add to what a process holds once for all: kinds of steps, global names. */
const alone = [
  'test/debugger/gate-mutants.test.ts',
  'test/kit/**/*.test.ts',
  'test/machine-host/xstate-copies.test.ts',
  'test/react/**/*.test.ts',
  'test/runtime/postpone.test.ts',
  'test/server/server.test.ts',
];

/** `npm run docs` runs these: as long as all other pages together, and what a killed run has left of the project that it made. */
const withDocs = ['test/docs/snippets.test.ts', 'test/docs/.quickstart-*/**'];

/** Every test of behaviour but the long ones: `npm test`. */
export default defineConfig({
  ...settings,
  test: {
    ...settings.test,
    reporters: [...reportTo('test-results.json'), new LeftOut(isWhole)],
    projects: [
      // Files share what they import: half of the time of a run went into loading the same modules for each file.
      { extends: true, test: { name: 'together', isolate: false, include: ['test/**/*.test.ts'], exclude: [...faultFiles, ...alone, ...withDocs] } },
      { extends: true, test: { name: 'alone', include: alone, exclude: [...faultFiles] } },
    ],
  },
});
