import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { documentedActors } from './corpus/documented-actors.ts';
import { documentedStates } from './corpus/documented-states.ts';
import { examples } from './corpus/examples.ts';
import type { CorpusMachine, Drive, ScriptStep } from './driven.ts';
import { driveDurably } from './durable-driver.ts';
import { driveLive } from './reference.ts';
import { follow } from './script.ts';

/** All that may happen to a machine, there and back: the same each time. */
const toScript = ({ steps }: CorpusMachine): ScriptStep[] => [...steps, ...steps.toReversed(), ...steps.slice(0, 4)];

/** How a durable actor may go. */
const ways: readonly (readonly [string, Drive, boolean])[] = [
  ['restarted before each step', driveDurably, true],
  ['out of memory between the steps', entry => driveDurably(entry, { evicts: true }), false],
];

// XState says so when an actor that has ended is sent something.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

const machines = [...documentedStates, ...documentedActors, ...examples];

it('there are forty machines in the manner of XState\'s documentation, and those of the examples', () => {
  expect([documentedStates.length + documentedActors.length >= 40, new Set(machines.map(({ name }) => name)).size]).toEqual([true, machines.length]);
});

describe.each(machines.map(entry => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('goes as a durable actor as it goes in XState', async () => {
    const live = await follow(driveLive, entry, toScript(entry));
    expect(new Set(live.map(seen => JSON.stringify(seen))).size).toBeGreaterThan(2);
    for (const [way, drive, restarts] of ways) expect([way, await follow(drive, entry, toScript(entry), restarts)]).toEqual([way, live]);
  });
});
