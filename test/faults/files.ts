/**
 * Test files that `npm test` leaves to `npm run faults`, by their path from the root: they kill processes, damage files or try
 * every path of many flows, and take more time than all other files together.
 */
export const faultFiles: readonly string[] = [
  ...within('checkout', 'shop'),
  ...within('debugger', 'stepped-kills'),
  ...within('definition', 'growth'),
  ...within('electron', 'orphan'),
  ...within('evolution', 'processes'),
  ...within('isolation', 'ends', 'lost-folder', 'owner-killed', 'static-flows'),
  ...within('kit', 'delayed/delayed-suite'),
  ...within('machine-host', 'kill'),
  ...within('must-hold', 'damage', 'kill', 'machine-crowd', 'machine-step-kill', 'pipeline-kills', 'random-crashes', 'readers', 'waiting-messages'),
  ...within('owner', 'owner-deaths'),
  ...within('persistence', 'files/kill'),
  ...within('queue', 'several-processes'),
  ...within('runtime', 'forgotten'),
  ...within('simulation', 'simulation'),
  ...within('testing', 'broken-runtimes', 'crashes', 'own-paths', 'random-flows', 'run-paths', 'sigkill'),
];

function within(folder: string, ...names: readonly string[]): readonly string[] {
  return names.map(name => `test/${folder}/${name}.test.ts`);
}
