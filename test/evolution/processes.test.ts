import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('comes to the same end while one process after the other is killed', async () => {
  const script = join(import.meta.dirname, '../../docs/examples/evolution/run.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=flowstone-source', script, '--kill'], { timeout: 500_000 });
  const lines = stdout.trim().split('\n');
  expect(lines).toContain('larger-cache: pending → sent_for_consensus → consensus_reached → executing → applied');
  expect(lines).toContain('no-safety-net: pending → sent_for_consensus → consensus_failed');
  expect(lines).toContain('short-timeout: pending → sent_for_consensus → consensus_reached → executing → applied → rolled_back');
  // Whatever order the two changes came in, the bad one is gone.
  expect(lines.at(-1)).toMatch(/"timeoutMs":2000/);
});
