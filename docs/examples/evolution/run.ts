import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { ConfigurationStore } from './configuration-store.ts';
import { MachineStore } from './machine-store.ts';
import { proposalMachine } from './proposal-machine.ts';

// Two instances and a centre; `--kill` kills each of the three twice, with SIGKILL, and starts it again.
const kills = process.argv.includes('--kill');
const folder = mkdtempSync(join(tmpdir(), 'evolution-'));
const proposals = [
  { proposalId: 'larger-cache', agentType: 'cache', change: { cacheSize: 400 }, riskScore: 2 },
  { proposalId: 'no-safety-net', agentType: 'network', change: { model: 'large' }, riskScore: 8 },
  { proposalId: 'short-timeout', agentType: 'network', change: { timeoutMs: 200 }, riskScore: 1 },
];
const ends = new Map([['larger-cache', 'applied'], ['no-safety-net', 'consensus_failed'], ['short-timeout', 'rolled_back']]);
const states = new Map<string, string>();
const members = new Map<string, ChildProcess>();
let done = (): void => {};
const finished = new Promise<void>(resolve => (done = resolve));

async function start(name: string, caution: number): Promise<void> {
  const member = fork(join(import.meta.dirname, 'process.ts'), [folder, name, String(caution)]);
  members.set(name, member);
  await new Promise<void>(resolve => {
    member.on('message', message => {
      const { type, proposalId, state } = message as { type: string; proposalId: string; state: string };
      if (type === 'ready') return resolve();
      if (states.get(proposalId) === state) return;
      states.set(proposalId, state);
      console.log(`${name}: ${proposalId} is ${state}`);
      if ([...ends].every(([id, end]) => states.get(id) === end)) done();
    });
    member.on('exit', () => resolve());
  });
}

await Promise.all([start('north', 5), start('south', 6)]);
await start('centre', 0);
for (const proposal of proposals) members.get('north')?.send(proposal);

let round = 0;
const killer = kills
  ? setInterval(() => {
      const name = ['centre', 'south', 'north'][round++ % 3] as string;
      if (round === 6) clearInterval(killer);
      members.get(name)?.once('exit', () => void start(name, name === 'north' ? 5 : 6)).kill('SIGKILL');
      console.log(`(${name} is killed and started again)`);
    }, 150)
  : undefined;
await finished;
clearInterval(killer);
for (const member of members.values()) member.removeAllListeners('exit').kill('SIGKILL');

const store = new MachineStore(join(folder, 'north.db'));
for (const { proposalId } of proposals) console.log(`${proposalId}: ${['pending', ...store.listMoves(proposalMachine, proposalId)].join(' → ')}`);
const { version, current } = new ConfigurationStore(store);
console.log(`configuration ${version}: ${JSON.stringify(current)}`);
store.close();
rmSync(folder, { recursive: true, force: true });
