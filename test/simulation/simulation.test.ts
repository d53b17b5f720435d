import { describe, expect, it } from 'vitest';
import { stepMachine } from '../../machines/step.ts';
import { brokenRuntimes, openWith } from '../testing/broken-runtimes.ts';
import { listMutants } from '../machines/mutants.ts';
import { minimise } from './minimise.ts';
import { planSimulation } from './plan-simulation.ts';
import { simulate } from './simulate.ts';

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

describe('a whole runtime under a seed', () => {
  it('keeps every promise, whatever crashes, fails, is cancelled or comes late', async () => {
    const found: string[] = [];
    let crashes = 0;
    for (const seed of seeds) {
      const result = await simulate(planSimulation(seed));
      crashes += result.crashes;
      found.push(...result.complaints.map(complaint => `seed ${seed}: ${complaint}`));
    }
    expect(found).toEqual([]);
    expect(crashes).toBeGreaterThan(60);
  });

  it('does the same again for the same seed', async () => {
    for (const seed of seeds.slice(0, 10)) {
      const first = await simulate(planSimulation(seed));
      expect(await simulate(planSimulation(seed))).toEqual(first);
    }
  });

  it.each(['begins handlers before their commit', 'loses every other timer', 'stores an output twice', 'lets a cancel lose'])('finds a runtime that %s', async name => {
    expect(await findSeed(brokenRuntimes[name])).toBeDefined();
  });

  it('finds a step that does not begin again after a crash, and the few acts it takes', async () => {
    const mutant = listMutants(stepMachine).find(one => one.name === 'running: attempt.interrupted #1 removed');
    const open = openWith('step', mutant?.machine as typeof stepMachine);
    const seed = (await findSeed(open)) as number;
    const plan = planSimulation(seed);
    const acts = await minimise(plan.acts, async kept => (await simulate({ ...plan, acts: kept }, open)).complaints.length > 0);
    expect(acts.map(({ kind }) => kind).toSorted()).toEqual(['crash', 'start']);
  });
});

async function findSeed(open: Parameters<typeof simulate>[1]): Promise<number | undefined> {
  for (const seed of seeds) if ((await simulate(planSimulation(seed), open)).complaints.length > 0) return seed;
  return undefined;
}
