import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { randomEntry, randomEvents, randomMachine } from './corpus/random-machine.ts';
import type { Stimulus } from './differential.ts';
import { runLive, runTree, sortKinds } from './differential.ts';
import type { Observation } from './driven.ts';
import { driveDurably } from './durable-driver.ts';
import { driveLive } from './reference.ts';
import { follow, scripts } from './script.ts';

const stimuli: fc.Arbitrary<Stimulus[]> = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...randomEvents).map(event => ({ event })) }, { weight: 1, arbitrary: fc.constantFrom(1, 7, 20).map(ms => ({ ms })) }), { maxLength: 15, size: 'max' });

/** Up to where the root is over, and there without its children: of one that failed they go on live, and not here. */
function toEnd(observations: readonly Observation[]): unknown[] {
  const last = observations.findIndex(({ snapshot }) => snapshot.status !== 'active');
  if (last < 0) return [...observations];
  const { children: _, ...snapshot } = (observations[last] as Observation).snapshot;
  return [...observations.slice(0, last), snapshot];
}

function treesToEnd(sights: readonly ReturnType<typeof sortKinds>[]): unknown[] {
  const last = sights.findIndex(({ snapshot }) => !snapshot.startsWith('{"status":"active"'));
  return last < 0 ? [...sights] : sights.slice(0, last);
}

/** Random statecharts as trees that are read back from JSON after each event, against XState. @throws with the counterexample */
export function checkTrees(parameters: fc.Parameters<[Parameters<typeof runTree>[0], Stimulus[]]>): void {
  fc.assert(fc.property(randomMachine, stimuli, (machine, given) => deepStrictEqual(treesToEnd(runTree(machine, given, true).map(sortKinds)), treesToEnd(runLive(machine, given).map(sortKinds)))), parameters);
}

/** Random statecharts in a store, against XState: restarted before each step, or out of memory between them. @throws with the counterexample */
export async function checkStored(way: 'restarted' | 'evicted', parameters: { readonly numRuns: number; readonly seed?: number }): Promise<void> {
  const cases = randomEntry.chain(entry => scripts(entry, 12).map(script => ({ entry, script })));
  await fc.assert(fc.asyncProperty(cases, async ({ entry, script }) => {
    const live = await follow(driveLive, entry, script);
    deepStrictEqual(toEnd(await follow(given => driveDurably(given, { evicts: way === 'evicted' }), entry, script, way === 'restarted')), toEnd(live));
  }), parameters);
}
