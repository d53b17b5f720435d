import { describe, expect, it } from 'vitest';
import { runSleepers } from '../torture/crowd.ts';

describe('many sleeping flows', () => {
  it('are not in memory while they sleep, and wake in portions', async () => {
    const result = await runSleepers(2_000, 64);
    expect(result).toMatchObject({ flows: 2_000, activeWhileAsleep: 0, passed: 2_000 });
    expect(result.peakActive).toBeLessThanOrEqual(64);
  });
});
