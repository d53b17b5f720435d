import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makePlace, openIsolated } from './open-isolated.ts';
import { until } from '../kit/until.ts';

it.runIf(process.platform === 'linux')('a process that is killed takes the programs with it that its steps run', async () => {
  const place = makePlace();
  const noted = join(place.folder, 'pid');
  const program = `require('node:fs').writeFileSync(${JSON.stringify(noted)}, String(process.pid) + '\\n'); setInterval(() => {}, 1000)`;
  const runtime = await openIsolated(place, [{ id: 'flow', flow_type: 'static', steps: [{ id: 'run', uses: 'exec', with: { command: process.execPath, args: ['-e', program] } }] }]);
  const execution = await runtime.start('flow');
  await until(() => existsSync(noted) && readFileSync(noted, 'utf8').endsWith('\n'), 'the program runs');
  const pid = Number(readFileSync(noted, 'utf8'));
  const isAlive = (): boolean => {
    try {
      // One that nobody has asked about yet is still listed, as a zombie.
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  expect(isAlive()).toBe(true);
  appendFileSync(join(place.processes, execution.executionId, 'journal.jsonl'), 'garbage\n');
  expect((await execution.settled()).failure?.code).toBe('process_damaged');
  await until(() => !isAlive(), 'the program has ended');
});
