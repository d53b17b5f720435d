/**
 * Test files that `npm test` leaves to `npm run faults`, by their path from the root: they kill processes, damage files, compile
 * whole packages or try every path of many flows, and take more time than all other files together.
 */
export const faultFiles: readonly string[] = [
  ...within('checkout', 'shop'),
  ...within('debugger', 'stepped-kills'),
  ...within('definition', 'growth'),
  ...within('electron', 'electron-types', 'orphan'),
  ...within('evolution', 'processes'),
  ...within('isolation', 'ends', 'lost-folder', 'owner-killed', 'static-flows'),
  ...within('kit', 'counter', 'delayed/delayed-suite'),
  ...within('machine-host', 'kill'),
  ...within('must-hold', 'damage', 'kill', 'machine-crowd', 'machine-step-kill', 'pipeline-kills'),
  ...within('must-hold', 'random-crashes', 'readers', 'waiting-messages'),
  ...within('owner', 'owner-deaths'),
  ...within('persistence', 'files/kill'),
  ...within('queue', 'several-processes'),
  ...within('runtime', 'forgotten'),
  ...within('simulation', 'simulation'),
  ...within('testing', 'broken-runtimes', 'commands', 'crashes', 'own-paths', 'random-flows', 'run-paths', 'sigkill'),
];

function within(folder: string, ...names: readonly string[]): readonly string[] {
  return names.map(name => `test/${folder}/${name}.test.ts`);
}
