// How long the inspector's pictures take to lay out: node --conditions=flowstone-source benchmarks/inspector-graphs.ts
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { stepMachine } from '../machines/step.ts';
import type { FlowSource } from '../src/definition/schema.ts';
import { defineFlow } from '../src/definition/define-flow.ts';
import { describeSteps } from '../src/inspector/graph/describe-steps.ts';
import { layoutChart } from '../src/inspector/graph/layout-chart.ts';
import { layoutSteps } from '../src/inspector/graph/layout-steps.ts';
import { readChart } from '../src/inspector/graph/read-chart.ts';
import type { GraphStep } from '../src/inspector/graph/step-graph.ts';
import { measureByTable as measure } from '../src/inspector/graph/text-width.ts';

const pipeline = describeSteps(defineFlow(parse(readFileSync(join(import.meta.dirname, '../docs/examples/planning-pipeline.yml'), 'utf8')) as FlowSource).steps);

/** Steps that each wait for up to three before them, the same each time. */
function makeSteps(count: number): GraphStep[] {
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % Math.max(1, below);
  const names = ['fetch', 'parse', 'check', 'store', 'notify'];
  const ids = Array.from({ length: count }, (_, index) => `${names[next(names.length)]}-${index}`);
  return ids.map((id, index) => ({ id, uses: 'tool:x', work: 'task', critical: true, always: false, forEach: false, maxAttempts: 1, dependsOn: index === 0 ? [] : [...new Set(Array.from({ length: 3 }, () => ids[next(index)]!))] }));
}

const chart = readChart(stepMachine.config);
if (typeof chart === 'string') throw new Error(chart);
const thousand = makeSteps(1_000);
const pictures: readonly (readonly [string, () => { readonly crossings: number; readonly work: number }])[] = [
  [`planning pipeline, ${pipeline.length} steps, ${pipeline.flatMap(({ dependsOn }) => dependsOn).length} dependencies`, () => layoutSteps(pipeline, { measure })],
  [`${thousand.length} steps, folded`, () => layoutSteps(thousand, { measure })],
  [`${thousand.length} steps, all of them`, () => layoutSteps(thousand, { measure, foldAbove: Infinity })],
  ['the machine of a step', () => layoutChart(chart, { measure })],
];
console.log(`${arch}, ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node.js ${process.version}`);
for (const [name, layOut] of pictures) {
  const times: number[] = [];
  const used: number[] = [];
  let result = { crossings: 0, work: 0 };
  for (let round = 0; round < 9; round++) {
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    result = layOut();
    times.push(performance.now() - start);
    used.push(process.cpuUsage(cpu).user / 1_000);
  }
  const median = (list: readonly number[]): string => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!.toFixed(1);
  console.log(`${name}: first ${times[0]!.toFixed(1)} ms (CPU ${used[0]!.toFixed(1)} ms), median of 9 ${median(times)} ms (CPU ${median(used)} ms), ${result.crossings} crossings, ${result.work} steps of work`);
}
