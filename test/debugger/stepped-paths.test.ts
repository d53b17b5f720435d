import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { exampleMachines } from '../testing/example-machines.ts';
import { swap, waits } from '../testing/flows.ts';
import type { Comparison } from './compare-stepped.ts';
import { compareFlow, compareMachine, compareRandomFlows } from './compare-stepped.ts';

/** Those with many steps take minutes: `npm run torture` has every path of every example. */
const large = ['docs/examples/planning-pipeline.yml', 'docs/examples/project-report.yml'];
const examples = globSync('docs/examples/*.yml', { cwd: join(import.meta.dirname, '../..') }).toSorted().filter(file => !large.includes(file));

function expectSame({ paths, failed, differing, seen }: Comparison): void {
  expect(failed).toEqual([]);
  expect(differing).toEqual([]);
  expect(seen.wrong).toEqual([]);
  expect(seen.compared).toBeGreaterThanOrEqual(paths);
}

describe('executions that stand still from their start on, and are stepped to their end', () => {
  it.each([...examples, swap, waits])('%# go the ways of %s as those of nobody who debugs, and each preview says what its commit writes', async what => {
    expectSame(await compareFlow(typeof what === 'string' ? await loadFlow(what) : what, { maxPaths: 3 }));
  });

  it('do so in flows made at random', async () => {
    for (let seed = 1; seed <= 5; seed++) expectSame(await compareRandomFlows(seed));
  });
});

describe('actors that are stepped from their start to their end', () => {
  it.each(exampleMachines.map(([machine, options]) => [machine.id, machine, options] as const))('go every way of the machine %s as those of nobody who debugs', async (_id, machine, options) => {
    expectSame(await compareMachine(machine, { ...options, maxPaths: 3 }));
  });
});
