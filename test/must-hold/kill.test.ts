import { describe, expect, it } from 'vitest';
import { runKillLoop } from '../torture/kill-loop.ts';

describe('a process killed with SIGKILL again and again', () => {
  it.each(['power', 'process'] as const)('loses nothing and does nothing twice, with durability %s', async durability => {
    const result = await runKillLoop({ seed: durability.length, durability, flows: 12, maxKills: 3 });
    expect(result.complaints).toEqual([]);
    expect(result.kills).toBeGreaterThanOrEqual(2);
    expect(result.interruptions).toBeGreaterThan(0);
  });
});
