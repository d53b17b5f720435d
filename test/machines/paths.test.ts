import { describe, expect, it } from 'vitest';
import { findDeviation, makeGoldenPaths, readGoldenPaths } from './golden-paths.ts';
import { hosted, machineNames } from './hosted.ts';
import { listMutants } from './mutants.ts';

describe.each(machineNames)('the %s machine', name => {
  it('takes every transition and every outcome of its guards on generated paths', () => {
    expect(makeGoldenPaths(hosted[name]).uncovered).toEqual([]);
  });

  it('goes the ways that were kept', async () => {
    const { paths } = makeGoldenPaths(hosted[name]);
    const lines = paths.map(path => JSON.stringify(path));
    await expect(`[\n${lines.join(',\n')}\n]\n`).toMatchFileSnapshot(`golden/${name}.json`);
  });

  it('cannot be changed without a kept path failing', () => {
    const paths = readGoldenPaths(name);
    expect(findDeviation(hosted[name].machine, paths)).toBeUndefined();
    const survivors = listMutants(hosted[name].machine).filter(({ machine }) => findDeviation(machine, paths) === undefined);
    expect(survivors.map(mutant => mutant.name)).toEqual([]);
  });
});
