import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Check, CheckContext } from './check.ts';
import { beginConnected, finish, place, readRuns, requireSame, shown } from './check.ts';
import { isAlive, until } from './driven-app.ts';

const database = ({ folder }: CheckContext): string => join(folder, 'flowstone.db');

/** The program `flowstone`, on the app's database. */
function flowstone(context: CheckContext, ...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const program = join(context.root, 'node_modules/flowstone/dist/src/bin.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-strip-types', program, ...args, '--db', database(context)], { cwd: context.root, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** Whether all goes on with the flows of a version of the app. */
const checkVersion = (context: CheckContext, version: 1 | 2) => flowstone(context, 'check', '--tools', join(context.root, `version-${version}/orders.ts`));

/** What becomes of flows, whatever becomes of the processes. */
export const flowChecks: readonly Check[] = [
  {
    name: 'the utility process is killed: the order goes on where it was, nothing is done twice',
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see(shown.waiting);
      const pid = await app.runtimePid();
      process.kill(pid, 'SIGKILL');
      await until(async () => ((await app.findRuntime()) ?? pid) !== pid, 'there is another utility process');
      await app.see(shown.connected);
      await finish(app, executionId);
    },
  },
  {
    name: 'the laptop sleeps: nothing that waits begins, and all goes on when it wakes',
    run: async context => {
      // One order at a time, so that the second waits for the first.
      writeFileSync(`${database(context)}.one`, '');
      const app = await beginConnected(context);
      await app.ask('power', { event: 'suspend' });
      const first = await place(app);
      const second = await place(app);
      await app.run(`await client.signal('${first}', 'approved'); await client.settled('${first}')`);
      await wait(1_500);
      requireSame(await app.run(shown.status), 'pending', 'the order that waits while the laptop sleeps');
      await app.ask('power', { event: 'resume' });
      await finish(app, second);
    },
  },
  {
    name: 'the window is closed in mid-flow: the flow goes on, and is found where it is',
    run: async context => {
      const app = await beginConnected(context);
      const pid = await app.runtimePid();
      const executionId = await place(app);
      await app.ask('close');
      requireSame(await app.ask('windows'), 0, 'windows');
      await wait(1_000);
      requireSame(await app.runtimePid(), pid, 'the utility process');
      await app.ask('show');
      await finish(app, executionId);
    },
  },
  {
    name: 'an update with flows in flight: `check --db` names what would stand still; it is put off, then installed',
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see(shown.waiting);
      const next = checkVersion(context, 2);
      if (next.status !== 1 || !/reserve.*tool_unknown/.test(next.said) || !/shop.*machine_changed/.test(next.said)) throw new Error(`Version 2 renames a tool and changes a machine. The check ended with ${next.status}: ${next.said}`);
      const same = checkVersion(context, 1);
      if (same.status !== 0) throw new Error(`With the same version all goes on. The check ended with ${same.status}: ${same.said}`);
      const pid = await app.runtimePid();
      await app.ask('stop');
      await until(() => !isAlive(pid), 'the runtime has stopped for the update');
      await app.ask('start');
      await app.see(shown.connected);
      await app.see(shown.waiting);
      await app.processes();
      await app.ask('update');
      requireSame(await app.exitCode(), 0, 'exit code of the app that is updated');
      await until(() => ![...app.family].some(isAlive), 'no process is left behind');
      const updated = await beginConnected(context);
      await finish(updated, executionId);
    },
  },
  {
    name: 'the app quits while a step runs: the step ends first, no process is left, the order waits in the next start',
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see("return document.querySelector('tbody li')?.textContent === 'reserve: running'");
      await app.processes();
      await app.ask('quit');
      requireSame(await app.exitCode(), 0, 'exit code');
      await until(() => ![...app.family].some(isAlive), 'no process is left behind');
      const { said } = flowstone(context, 'show', executionId, '--json');
      const { steps } = JSON.parse(said) as { readonly steps: readonly { readonly status: string }[] };
      requireSame(steps[0]?.status, 'completed', 'the step that ran when the app was told to quit');
      const again = await beginConnected(context);
      await finish(again, executionId);
    },
  },
  {
    name: 'the clock jumps 8 h while the lid is closed: what fell due is done once, nothing else fails',
    run: async context => {
      const app = await beginConnected(context);
      const reminder = String(await app.run("return (await client.start('reminder')).executionId"));
      const executionId = await place(app);
      await app.see(shown.waiting);
      await app.see(`return (await client.get('${reminder}')).steps[0].status === 'waiting'`);
      await app.ask('power', { event: 'suspend' });
      writeFileSync(`${database(context)}.ahead`, String(8 * 3_600_000));
      await app.ask('power', { event: 'resume' });
      await until(() => app.run(`return (await client.get('${reminder}')).status === 'scored'`), 'the reminder is done at once', 15_000);
      await app.ask('power', { event: 'resume' });
      await finish(app, executionId);
      requireSame((await readRuns(app, reminder) as { readonly remind: unknown }).remind, [1, 0], 'attempts and interruptions of the reminder');
      requireSame(app.starts, 1, 'starts of the utility process');
    },
  },
  {
    name: 'the utility process crashes again and again: it is begun later and later, and the order waits',
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see(shown.waiting);
      const pid = await app.runtimePid();
      const file = `${database(context)}.crash`;
      writeFileSync(file, '');
      process.kill(pid, 'SIGKILL');
      await app.see(shown.begunAgain);
      // Each after twice the time of the one before, less what a message may be late.
      const least = [500, 1_000, 2_000].map(ms => 0.7 * ms);
      await until(() => app.waits.length >= least.length, 'it is begun again three times');
      const waits = app.waits.slice(0, least.length).map(Math.round);
      if (waits.some((ms, index) => ms < (least[index] ?? 0))) throw new Error(`Expected waits of 500, 1000 and 2000 ms, saw ${waits.join(', ')}`);
      rmSync(file);
      await app.see(shown.connected);
      await finish(app, executionId);
    },
  },
];
