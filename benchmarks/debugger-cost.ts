/*
 * What the debugger costs, CPU: while nobody is attached, beside the same sources without its gate; and beside one execution that
 * stands still. Pairs of processes, one after the other, the first of each in turn. `node benchmarks/debugger-cost.ts [PAIRS] [FLOWS]`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram, change } from '../test/bundle-program.ts';

const [pairs = 20, flows = 400] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'flowstone-debugger-cost-'));
const [own, without] = [join(folder, 'own.mjs'), join(folder, 'without.mjs')];
const entry = join(import.meta.dirname, 'debugger-load.ts');
/** Of the 97.5th percentile of Student's t, by degrees of freedom; 19 are those of 20 pairs. */
const quantiles: { readonly [degrees: number]: number } = { 4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045, 39: 2.023 };

const measure = ([program, mode]: readonly [program: string, mode: string]): number => Number(execFileSync(process.execPath, [program, mode, String(flows)], { encoding: 'utf8' }));

function compare(what: string, limit: number, base: readonly [string, string], other: readonly [string, string]): void {
  const logs: number[] = [];
  const seen: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [base, other] : [other, base];
    const [first = 0, second = 0] = order.map(measure);
    const [a, b] = pair % 2 === 0 ? [first, second] : [second, first];
    seen[0].push(a);
    seen[1].push(b);
    logs.push(Math.log(b / a));
  }
  const mean = logs.reduce((sum, one) => sum + one, 0) / pairs;
  const spread = Math.sqrt(logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (pairs - 1));
  const upper = Math.exp(mean + ((quantiles[pairs - 1] ?? 2.1) * spread) / Math.sqrt(pairs));
  const [a, b] = seen.map(values => values.toSorted((x, y) => x - y)[Math.floor(pairs / 2)] ?? 0) as [number, number];
  console.log(`${what}: ${a.toFixed(2)} and ${b.toFixed(2)} µs of CPU per step (medians), ratio ${Math.exp(mean).toFixed(4)}, at most ${upper.toFixed(4)} (95 % of ${pairs} pairs): ${upper <= limit ? 'within' : 'NOT within'} ${limit}`);
  if (upper > limit) process.exitCode = 1;
}

try {
  await bundleProgram(entry, own);
  await bundleProgram(entry, without, [
    change('src/engine/loop.ts',
      ['const given = sift === undefined ? taken : sift.sift(taken);', 'const given = taken;'],
      ['sift?.ended(true);\n', '\n']),
    change('src/engine/tick.ts', ['if (!this.sift?.takes(envelope)) this.#taken.push(envelope);', 'this.#taken.push(envelope);']),
    change('src/kinds/flows/host.ts', ['if (this.#life.sift?.isHeld(resident.header.executionId) && !isAtRest(resident.tree)) return false;', '']),
  ]);
  console.log(`${cpus().length} cores, load ${loadavg().map(one => one.toFixed(1)).join(' ')}, Node.js ${process.version}, ${flows} flows of 10 steps`);
  compare('nobody attached, beside none of its gate', 1.03, [without, 'none'], [own, 'none']);
  compare('beside one that stands still, beside nobody attached', 1.05, [own, 'none'], [own, 'paused']);
} finally {
  rmSync(folder, { recursive: true });
}
