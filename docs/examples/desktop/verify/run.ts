import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CheckContext } from './check.ts';
import { DrivenApp } from './driven-app.ts';
import { flowChecks } from './flow-checks.ts';
import { shellChecks } from './shell-checks.ts';

/*
 * node out/verify-run.js [--only NUMBER] [--electron PROGRAM] [--out FOLDER]: tries the app in Electron, each check in a folder of its own. Prints
 * a line for each, and ends with 0 when all have passed.
 */

const { values: { only, electron, out = import.meta.dirname } } = parseArgs({ options: { only: { type: 'string' }, electron: { type: 'string' }, out: { type: 'string' } } });
const root = join(import.meta.dirname, '..');
const program = electron ?? String(createRequire(join(root, 'package.json'))('electron'));
const chosen = [...flowChecks, ...shellChecks].map((check, index) => ({ ...check, number: index + 1 })).filter(({ number }) => only === undefined || number === Number(only));
let passed = 0;

console.log(`${process.platform} ${process.arch}, ${program}`);
for (const { number, name, run } of chosen) {
  const folder = mkdtempSync(join(tmpdir(), 'orders-verify-'));
  const open: DrivenApp[] = [];
  const context: CheckContext = {
    root, folder,
    begin: () => {
      const app = new DrivenApp(program, resolve(out), folder);
      open.push(app);
      return app;
    },
  };
  const begun = performance.now();
  let failure: unknown;
  try {
    await run(context);
  } catch (error) {
    failure = error;
  }
  for (const app of open) await app.end().catch((error: unknown) => (failure ??= error));
  if (failure === undefined) passed++;
  console.log(`${failure === undefined ? 'pass' : 'FAIL'} ${String(number).padStart(2)} ${name} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
  if (failure !== undefined) console.log(`        ${failure instanceof Error ? failure.message : String(failure)}`);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
console.log(`${passed} of ${chosen.length} passed`);
process.exitCode = passed === chosen.length && passed > 0 ? 0 : 1;
