/*
 * What must hold, under force. `npm run torture -- --ci` takes some minutes; without it, half an hour: the kill
 * loops take five minutes of it, or `--minutes N`. `--seed S` repeats the kills of an earlier run, `--only PART` runs one part of it.
 *
 * Correctness decides about the exit code. Times depend on the machine and are printed beside their targets.
 */
import { parseArgs } from 'node:util';
import type { Durability, SqliteDriver } from 'flowstone/sqlite';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { createSeededRandom } from '../../src/core/ids.ts';
import { fuzzProtocol } from '../owner/fuzz-protocol.ts';
import { fuzzHttp } from '../server/fuzz-http.ts';
import { fuzzInspector } from '../inspector-server/fuzz-inspector.ts';
import { countDeaths } from '../owner/owner-deaths.ts';
import { compareFlow, compareMachine, compareRandomFlows } from '../debugger/compare-stepped.ts';
import type { Comparison } from '../debugger/compare-stepped.ts';
import { killStepped } from '../debugger/stepped-kills.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { exampleMachines } from '../testing/example-machines.ts';
import { measureStepCost, runSleepers } from './crowd.ts';
import { makeLargeDocuments, makePlans } from './documents.ts';
import { fuzzDefinitions } from './fuzz/definitions.ts';
import { fuzzExpressions } from './fuzz/expressions.ts';
import { fuzzInputs } from './fuzz/inputs.ts';
import { compareVerdicts } from './fuzz/verdicts.ts';
import { runIsolationKills } from './isolation-kills.ts';
import { checkStored, checkTrees } from '../machine-host/random-runs.ts';
import { runKillLoop } from './kill-loop.ts';
import { MachineCrowd } from './machine-crowd.ts';
import type { MixedStormResult } from './mixed-storm/mixed-storm.ts';
import { runMixedStorm } from './mixed-storm/mixed-storm.ts';
import { runPipelineKills } from './pipeline-kills.ts';
import { runPowerCuts } from './power-cut/power-cut.ts';
import { runStorm } from './queue-storm.ts';
import { type DelayedRun, otherFiles, quickFiles, runDelayed } from '../kit/delayed/run-delayed.ts';
import { measureRecovery, percentile } from './recovery.ts';

const { values } = parseArgs({ options: { ci: { type: 'boolean' }, minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } } });
const isShort = values.ci ?? false;
const minutes = Number(values.minutes ?? 5);
const seed = Number(values.seed ?? (isShort ? 1 : Date.now() % 1_000_000));
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('Expected `--minutes` to be a number above 0 and `--seed` an integer');
  process.exit(2);
}

let passed = 0;
let failed = 0;
const round = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

function report(what: string, complaints: readonly string[]): void {
  if (complaints.length === 0) passed++;
  else failed++;
  console.log(`${complaints.length === 0 ? 'ok    ' : 'FAILED'} ${what}`);
  for (const complaint of complaints) console.log(`         ${complaint}`);
}

/** A figure beside its target; a figure alone decides nothing. */
function compare(what: string, value: number, target: number, unit: string): void {
  console.log(`       ${what}: ${round(value)}${unit} (target ≤ ${target}${unit}: ${value <= target ? 'met' : 'missed on this machine'})`);
}

async function killLoops(): Promise<void> {
  const deadline = performance.now() + (isShort ? 0 : minutes * 0.6 * 60_000);
  for (let time = 0; time < 2 || performance.now() < deadline; time++) {
    const durability: Durability = time % 2 === 0 ? 'power' : 'process';
    const driver: SqliteDriver = time % 3 === 1 ? 'node:sqlite' : 'better-sqlite3';
    const readers = time % 4 === 3 ? 7 : 0;
    const limits = isShort ? { maxKills: 10, forMs: 12_000 } : { maxKills: 25 };
    const rule = time % 2 === 0 ? 'always' : 'due';
    const { kills, starts, interruptions, checkpoints, complaints } = await runKillLoop({ seed: seed + time, durability, driver, flows: 50, byTime: true, readers, checkpoints: rule, ...limits });
    if (rule === 'always' && checkpoints === 0) complaints.push('no replay came to a checkpoint');
    report(`kill -9, seed ${seed + time}, durability ${durability}, ${driver}${readers > 0 ? `, ${readers} readers beside it` : ''}: 50 flows of 10 steps, ${kills} kills, ${starts} handler starts, ${interruptions} interruptions, ${checkpoints} checkpoints replayed`, complaints);
  }
}

async function recovery(): Promise<void> {
  const rounds = isShort ? 6 : 100;
  const { opened, spawned } = await measureRecovery(1_000, rounds, 'power');
  report(`kill -9 with 1,000 unfinished flows, ${rounds} restarts: the first step runs again each time`, []);
  compare('from opening the database to the first step, p50', percentile(opened, 0.5), 500, ' ms');
  compare('from opening the database to the first step, p99', percentile(opened, 0.99), 500, ' ms');
  console.log(`       from the start of the process, p50 ${round(percentile(spawned, 0.5))} ms, p99 ${round(percentile(spawned, 0.99))} ms`);
}

async function pipelines(): Promise<void> {
  const begin = performance.now();
  for (let time = 0; time === 0 || (!isShort && performance.now() - begin < minutes * 6_000); time++) {
    const { kills, starts, completed, files, complaints } = await runPipelineKills({ seed: seed + time, kills: isShort ? 4 : 20 });
    report(`kill -9 while the planning pipeline runs, seed ${seed + time}: ${kills} kills with ${completed.join(', ')} of 61 steps complete, the output folder wiped each time, ${starts} handler starts, ${files} files as of a run in one go`, complaints);
  }
}

async function storms(): Promise<void> {
  const messages = isShort ? 3_000 : 100_000;
  const limits = isShort ? { killEvery: 400, maxKills: 6, limitMs: 300_000 } : { killEvery: 2_000, maxKills: Number.POSITIVE_INFINITY, limitMs: 900_000 };
  for (const durability of ['power', 'process'] satisfies Durability[]) {
    const { kills, ownersKilled, handled, completed, dead, ms, complaints } = await runStorm({ seed, messages, durability, ...limits });
    report(`four processes at one queue, durability ${durability}: ${messages} messages, ${completed} completed, ${dead} dead, ${handled} handler runs, ${kills} kills (${ownersKilled} of the owner), ${round(ms / 1_000)} s`, complaints.slice(0, 20));
  }
}

async function isolations(): Promise<void> {
  const rounds = isShort ? 1 : Math.max(2, Math.round(minutes));
  for (let turn = 0; turn < rounds; turn++) {
    const { kills, processKills, executions, complaints } = await runIsolationKills({ seed: seed + turn, flows: isShort ? 2 : 4, steps: isShort ? 30 : 60, maxKills: isShort ? 4 : 20 });
    report(`kill -9 of owners and processes of static flows, seed ${seed + turn}: ${executions} executions, ${kills} owners and ${processKills} processes killed`, complaints);
  }
}

async function crowds(): Promise<void> {
  const flows = isShort ? 5_000 : 100_000;
  const result = await runSleepers(flows);
  const complaints = [
    ...(result.passed === flows ? [] : [`${result.passed} of ${flows} flows ended`]),
    ...(result.activeWhileAsleep === 0 ? [] : [`${result.activeWhileAsleep} sleeping flows are in memory`]),
    ...(result.peakActive <= 1_024 ? [] : [`${result.peakActive} flows were in memory at once, the limit is 1,024`]),
    ...(result.heapPerSleeper < 1_024 ? [] : [`a sleeping flow keeps ${round(result.heapPerSleeper)} bytes of heap`]),
    ...(result.heapWhileWaking < 256 * 1_024 * 1_024 ? [] : [`waking them took ${round(result.heapWhileWaking / 1_048_576)} MiB of heap`]),
  ];
  report(
    `${flows} flows started (${round(result.startMs)} ms), put to sleep and woken at once (${round(result.wakeMs)} ms): ` +
      `${round(result.heapPerSleeper)} bytes of heap per sleeper, ${round(result.heapWhileWaking / 1_048_576)} MiB while waking`,
    complaints,
  );
  const steps = isShort ? 40_000 : 200_000;
  const few = await measureStepCost(64, steps, isShort ? 2 : 5);
  const many = await measureStepCost(2_000, steps, isShort ? 2 : 5);
  console.log(`       one step costs ${round(few)} µs with 64 flows at once, ${round(many)} µs with 2,000`);
  compare('ratio', many / few, 1.5, '');
}

async function machines(): Promise<void> {
  const times: number[] = [];
  for (const count of [1_000, isShort ? 10_000 : 100_000]) {
    const crowd = new MachineCrowd(count);
    await crowd.spawn();
    const due = 10;
    const none = await crowd.restart(0);
    const { reads, ms, complaints } = await crowd.restart(due);
    times.push(ms);
    report(`${count} machines with a timer each, restarted with none and with ${due} of them due: ${none.reads} and ${reads} were read, ${round(none.ms)} and ${round(ms)} ms`, [
      ...(none.reads === 0 && reads === due ? [] : [`expected 0 and ${due} to be read`]), ...none.complaints, ...complaints, ...(await crowd.check(due)),
    ]);
    crowd.remove();
  }
  compare('ratio of the many to the few', (times[1] ?? 0) / (times[0] ?? 1), 2, '');
}

async function mixedStorms(): Promise<void> {
  const about = ({ executions, messages, events, transitions, interruptions, ms }: MixedStormResult): string =>
    `${executions} executions, ${messages} messages, ${events} events of actors, ${interruptions} interruptions, ${transitions} transitions replayed, ${round(ms / 1_000)} s`;
  const kills = await runMixedStorm({ seed, durability: 'power', blow: 'kill', blows: isShort ? 12 : 300, timeoutMs: 60_000 });
  report(`two processes with flows, lists, children, timers, queues and actors, ${kills.blows} kills (${kills.ownersHit} of the owner): ${about(kills)}`, kills.complaints);
  const stops = await runMixedStorm({ seed, durability: 'process', blow: 'stop', blows: isShort ? 6 : 60, timeoutMs: 1_500 });
  report(`the same on a busy machine, ${stops.blows} times stopped for up to 3 s (${stops.ownersHit} times the owner): ${about(stops)}, none ended otherwise than without`, stops.complaints);
}

async function powerCuts(): Promise<void> {
  const flows = isShort ? 8 : 24;
  const result = await runPowerCuts({ seed, durability: 'power', flows, states: isShort ? 40 : 600 });
  if (!result) return console.log('left out: power cuts, which need Linux and a C compiler (cc)');
  report(`the power cut at ${result.states} of ${result.operations} writes and syncs, ${result.replays} journals replayed, ${result.wentOn} states went on to their end`, [...result.losses, ...result.errors].slice(0, 20));
  // What `process` gives up: that losses are found proves that they would be.
  const control = await runPowerCuts({ seed, durability: 'process', flows, states: isShort ? 12 : 60 });
  report(`the same with durability process, ${control?.states} states: ${control?.losses.length} lose what was acknowledged, as they may, and none contradicts itself`, [
    ...(control?.errors ?? []), ...((control?.losses.length ?? 0) > 0 ? [] : ['expected losses to be found, where they have to be']),
  ]);
}

async function statecharts(): Promise<void> {
  const share = isShort ? 100 : 2_000;
  const runs = { 'read back from JSON after each event': async () => checkTrees({ numRuns: isShort ? 300 : 6_000, seed }), 'restarted before each step': () => checkStored('restarted', { numRuns: share, seed }), 'out of memory between the steps': () => checkStored('evicted', { numRuns: share, seed }) };
  // XState says so when an actor that has ended is sent something.
  const { warn } = console;
  console.warn = () => {};
  for (const [way, run] of Object.entries(runs)) report(`random statecharts with children by value, names in their system and what JSON has no word for, seed ${seed}, ${way}: as in XState`, await run().then(() => [], (error: Error) => [error.message.slice(0, 2_000)]));
  console.warn = warn;
}

async function documents(): Promise<void> {
  const count = isShort ? 60 : 1_000;
  const { growth, listMs, readMs } = await makeLargeDocuments(count);
  // What 1,000 may hold on to is what 60 may: a few pieces, and what is listed of them.
  report(`${count} documents of 1 MB streamed into one execution: at most ${round(growth / 1_048_576)} MiB more in use`, growth < 64 * 1_048_576 ? [] : [`it took ${round(growth / 1_048_576)} MiB, expected less than 64`]);
  compare(`listing all ${count}`, listMs, 100, ' ms');
  compare('reading one', readMs, 50, ' ms');
  const plans = isShort ? 5 : 100;
  const times = await makePlans(plans);
  report(`${plans} plans of 109 documents, 7.6 MB each`, []);
  compare('listing the plans', times.listMs, 50, ' ms');
  compare('opening one, the slowest', times.openMs, 50, ' ms');
  compare('listing the documents of one, the slowest', times.artifactsMs, 50, ' ms');
}

async function fuzz(): Promise<void> {
  const definitions = await fuzzDefinitions(seed, isShort ? 4_000 : 200_000, 2_000);
  report(`${definitions.count} mutated definitions, seed ${seed}: ${definitions.codes}; the longest took ${round(definitions.longestMs)} ms to read`, definitions.complaints);
  const inputs = await fuzzInputs(seed, isShort ? 6_000 : 100_000, 200);
  report(`${inputs.count} mutated inputs against schemas with patterns and formats, seed ${seed}: ${inputs.codes}; at a limit of 200 ms at most ${round(inputs.longestApartMs)} ms apart, ${round(inputs.longestMs)} ms here`, inputs.complaints);
  const expressions = await fuzzExpressions(seed, isShort ? 300 : 10_000, 300);
  report(`${expressions.count} expressions of every function with large arguments, seed ${seed}: ${expressions.codes}; at a limit of 300 ms at most ${round(expressions.longestApartMs)} ms apart, ${round(expressions.longestMs)} ms here`, expressions.complaints);
}

async function protocol(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-protocol-'));
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'a.db'), durability: 'process' }) });
  try {
    const before = process.memoryUsage().rss;
    const { sent, answered, connections, codes, wrong } = await fuzzProtocol(runtime.health().owner.socket ?? '', createSeededRandom(seed), isShort ? 10_000 : 100_000);
    report(`${sent} messages of an unruly client over ${connections} connections, seed ${seed}: ${answered} answers, ${[...codes].map(([code, count]) => `${code} ${count}`).join(', ')}`, wrong);
    compare('memory that stayed', (process.memoryUsage().rss - before) / 2 ** 20, 100, ' MiB');
  } finally {
    await runtime.stop();
    rmSync(folder, { recursive: true });
  }
}

async function unrulyRequests(): Promise<void> {
  const { requests, statuses, faults } = await fuzzHttp(seed, isShort ? 10_000 : 1_000_000);
  report(`${requests} requests over HTTP that nobody would send, seed ${seed}: ${Object.entries(statuses).map(([status, count]) => `${status} ${count}`).join(', ')}`, faults);
}

async function inspector(): Promise<void> {
  const { sent, answered, connections, codes, wrong } = await fuzzInspector(createSeededRandom(seed), isShort ? 10_000 : 1_000_000);
  report(`${sent} messages to an inspector and its endpoint for XState over ${connections} connections, seed ${seed}: ${answered} answers, ${Object.entries(codes).map(([code, count]) => `${code} ${count}`).join(', ')}`, wrong);
}

async function ownerDeaths(): Promise<void> {
  const { deaths, acknowledged, wrong } = await countDeaths(isShort ? 5 : 50, createSeededRandom(seed));
  report(`${deaths} deaths of an owner under a client that asks, seed ${seed}: ${acknowledged} rounds of requests answered once, each with its effect once`, wrong);
}

async function steppedKills(): Promise<void> {
  const times = isShort ? 12 : 1_000;
  const { killed, cutOff, points, calls, faults } = await killStepped(times, seed);
  const complaints = killed === times ? [...faults] : [...faults, `expected ${times} kills, there were ${killed}`];
  report(`${killed} kills of processes that step, from point ${seed} on, ${cutOff} executions cut off, ${calls} calls of handlers: ${Object.entries(points).map(([kind, count]) => `${kind} ${count}`).join(', ')}`, complaints);
}

async function steppedPaths(): Promise<void> {
  const sums = { paths: 0, steps: 0, compared: 0 };
  const complaints: string[] = [];
  const add = (name: string, { paths, failed: strayed, differing, seen }: Comparison): void => {
    sums.paths += paths;
    sums.steps += seen.steps;
    sums.compared += seen.compared;
    for (const [what, wrong] of Object.entries({ strayed, differing, previews: seen.wrong })) if (wrong.length > 0) complaints.push(`${name}, ${what}: ${JSON.stringify(wrong).slice(0, 4_000)}`);
  };
  const tell = (what: string): void => {
    report(`${what}: ${sums.paths} paths, stepped to their end as by themselves, ${sums.steps} steps, ${sums.compared} previews as their commits`, complaints.splice(0));
    Object.assign(sums, { paths: 0, steps: 0, compared: 0 });
  };
  // `npm test` has some paths of each.
  for (const file of isShort ? [] : globSync('docs/examples/*.yml').toSorted()) {
    add(file, await compareFlow(await loadFlow(file)));
    tell(`every path of ${file}`);
  }
  for (const [machine, options] of exampleMachines) add(machine.id, await compareMachine(machine, options));
  tell(`every path of ${exampleMachines.length} machines`);
  const seeds = isShort ? 34 : 3_334;
  for (let one = seed; one < seed + seeds; one++) add(`seed ${one}`, await compareRandomFlows(one));
  tell(`${seeds * 3} flows made at random, seeds ${seed} to ${seed + seeds - 1}`);
}

async function verdicts(): Promise<void> {
  if (process.platform !== 'linux') return console.log('left out: verdicts of expressions, which need the processes of Linux');
  const { expressions, evaluations, stops, longestApartMs, complaints } = await compareVerdicts(seed, isShort ? 1 : 4, isShort ? 2 : 20);
  report(`${expressions} expressions alone, beside 16 busy processes and ${stops} times stopped for 3 s, ${evaluations} evaluations: the same verdicts, at a limit of 500 ms at most ${round(longestApartMs)} ms of CPU`, complaints);
}

const begin = performance.now();
async function suitesOverDelayedStores(): Promise<void> {
  const seeds = Array.from({ length: isShort ? 2 : 20 }, (_, place) => place + 1);
  for (const [files, isolated] of [[quickFiles, false], [otherFiles, true]] as const) {
    const runs: DelayedRun[] = [];
    for (const one of seeds) runs.push(await runDelayed(one, files, isolated));
    const complaints = runs.flatMap((run, place) => run.failed.map(name => `seed ${seeds[place]}: ${name}`));
    report(`${files.length} files of the suites of flows, queues and actors over stores that answer later, in any order, ${seeds.length} seeds: ${runs.reduce((sum, run) => sum + run.passed, 0)} tests`, complaints);
  }
}

console.log(`torture: seed ${seed}${isShort ? ', short form' : `, about ${minutes} minutes`}`);
const parts: { readonly [name: string]: () => Promise<void> } = {
  kills: killLoops, pipelines, storms, isolations, mixedStorms, powerCuts, recovery, crowds, machines, statecharts, documents, fuzz, protocol, requests: unrulyRequests, inspector, ownerDeaths,
  steppedKills, steppedPaths, verdicts, delayed: suitesOverDelayedStores,
};
if (values.only !== undefined && !Object.hasOwn(parts, values.only)) {
  console.error(`Expected \`--only\` to be one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
for (const [name, run] of Object.entries(parts)) if (values.only === undefined || values.only === name) await run();
console.log(`torture: ${passed} passed, ${failed} failed, in ${round((performance.now() - begin) / 1_000)} s`);
process.exitCode = failed > 0 ? 1 : 0;
