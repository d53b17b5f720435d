/*
 * A server under load: executions, a thousand clients, and kill -9. `npm run soak` takes about 35 minutes; `-- --ci` about four; or
 * `--minutes N`. Correctness decides about the exit code; times depend on the machine and are printed beside their targets.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareWithTransitions } from './compare-transitions.ts';
import { runDashboard } from './dashboard-load.ts';
import type { SoakResult } from './load.ts';
import { runLoad } from './load.ts';

const { values } = parseArgs({ options: { ci: { type: 'boolean' }, minutes: { type: 'string' }, clients: { type: 'string' }, share: { type: 'string' }, only: { type: 'string' } } });
const minutes = Number(values.minutes ?? (values.ci ? 1.5 : 30));
const clients = Number(values.clients ?? (values.ci ? 300 : 1_000));
const share = Number(values.share ?? (values.ci ? 0.1 : 0.05));
const leastDistinct = values.ci || minutes < 20 ? undefined : 1_000_000;
if (!(minutes > 0 && clients > 0 && share > 0 && share <= 1)) {
  console.error('Expected `--minutes` and `--clients` to be numbers above 0, and `--share` to be one from 0 to 1');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'flowstone-soak-'));
const wrong: string[] = [];
const last: string[] = [];
const parts: Readonly<Record<string, () => Promise<SoakResult>>> = {
  load: () => runLoad(folder, { minutes, clients, share, killEveryMs: values.ci ? 20_000 : 60_000, leastDistinct }),
  transitions: () => compareWithTransitions(folder),
  dashboard: () => runDashboard(folder, values.ci ? 20_000 : 100_000),
};
try {
  for (const [name, run] of Object.entries(parts)) {
    if (values.only !== undefined && values.only !== name) continue;
    console.log(`\n== ${name}`);
    const { lines, complaints, last: end } = await run();
    if (end !== undefined) last.push(end);
    console.log(lines.join('\n'));
    wrong.push(...complaints);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(wrong.length === 0 ? '\nNothing was missed, doubled or stale' : `\nWRONG:\n${wrong.join('\n')}`);
for (const line of last) console.log(line);
process.exit(wrong.length === 0 ? 0 : 1);
