import { describe, expect, it } from 'vitest';
import { MachineCrowd } from '../torture/machine-crowd.ts';

describe('ten thousand machines with a timer each', () => {
  it('cost a restart what is due, not what there is', async () => {
    const crowd = new MachineCrowd(10_000);
    try {
      await crowd.spawn();
      expect(await crowd.restart(0)).toMatchObject({ reads: 0, complaints: [] });
      expect(await crowd.restart(7)).toMatchObject({ reads: 7, complaints: [] });
      expect(await crowd.restart(1_207)).toMatchObject({ reads: 1_200, complaints: [] });
      expect(await crowd.check(1_207)).toEqual([]);
    } finally {
      crowd.remove();
    }
  });
});
