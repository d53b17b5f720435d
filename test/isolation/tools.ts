/* Tools for flows that run in processes of their own. What they do outside is written to files: oracles that no store knows. */
import { appendFileSync, existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { encodeLine } from '../../persistence/files/journal-line.ts';
import { JournalFollower } from '../../persistence/files/journal-follower.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const read = <Input>({ input }: ToolCall): Input => input as Input;

/** Says who runs it, and which databases that process has open. */
export const who = {
  name: 'who',
  run() {
    const files = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').flatMap(name => (existsSync(`/proc/self/fd/${name}`) ? [readlinkSync(`/proc/self/fd/${name}`)] : [])) : [];
    return { pid: process.pid, databases: files.filter(file => /\.db(-wal|-shm|-owner)?$/.test(file)), note: 'no error here' };
  },
};

/** Notes that it began and ended, and with which key. */
export const work = {
  name: 'work',
  async run(call: ToolCall) {
    const { file, ms = 0, size = 0 } = read<{ file?: string; ms?: number; size?: number }>(call);
    if (file) appendFileSync(file, `begin ${process.pid} ${call.idempotencyKey}\n`);
    if (ms > 0) await sleep(ms);
    if (file) appendFileSync(file, `end ${process.pid} ${call.idempotencyKey}\n`);
    return { pid: process.pid, text: 'x'.repeat(size) };
  },
};

/** Waits until a file is there, or it is told to stop. */
export const gate = {
  name: 'gate',
  async run(call: ToolCall) {
    const { file, stopped } = read<{ file: string; stopped?: string }>(call);
    while (!existsSync(file)) {
      if (call.signal.aborted) {
        if (stopped) appendFileSync(stopped, 'stopped\n');
        throw call.signal.reason;
      }
      await sleep(10);
    }
    return { pid: process.pid };
  },
};

/** Blocks its process, timers and signals included. */
export const block = {
  name: 'block',
  run() {
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  },
};

/** Ends its process. */
export const die = {
  name: 'die',
  run(call: ToolCall) {
    const { code } = read<{ code?: number }>(call);
    if (code === undefined) process.kill(process.pid, 'SIGKILL');
    process.exit(code);
  },
};

/** Writes into the journal of its own process what no runtime writes, then waits. */
export const forge = {
  name: 'forge',
  async run(call: ToolCall) {
    const { folder, how } = read<{ folder: string; how: 'garbage' | 'illegal' | 'foreign' }>(call);
    const path = join(folder, call.executionId, 'journal.jsonl');
    let last: { n: number; batch: { executions?: { key: number }[]; progress?: { key: number; executionId: string; context: string; seq: number }[] } } | undefined;
    let seq = 0;
    let execution: object | undefined;
    new JournalFollower(path).read(line => {
      last = line as typeof last;
      execution ??= last?.batch?.executions?.[0];
      const rows = (last?.batch as { journal?: { seq: number; entries: string }[] } | undefined)?.journal ?? [];
      for (const row of rows) seq = row.seq + (JSON.parse(row.entries) as unknown[]).length - 1;
    });
    const now = Date.now();
    const scored = { ...execution, status: 'scored', wakeAt: null, score: 1, passed: true, failure: null, settledAt: now, seq: seq + 1 };
    const entry = JSON.stringify([['', { type: 'consolidation.completed', score: 1 }, 'scored']]);
    const illegal = { n: (last?.n ?? 0) + 1, batch: { executions: [scored], journal: [{ executionKey: 1, seq: seq + 1, at: now, entries: entry }] } };
    const foreign = { n: (last?.n ?? 0) + 1, batch: { executions: [{ ...execution, key: 2, executionId: 'somebody-elses' }] } };
    if (how === 'garbage') appendFileSync(path, 'this is not a line\n');
    else appendFileSync(path, encodeLine(how === 'illegal' ? illegal : foreign));
    await sleep(60_000);
  },
};

/** Makes a document and asks a model. */
export const make = {
  name: 'make',
  async run(call: ToolCall) {
    await call.artifact('note', 'hello', { file: 'note.txt' });
    await call.interaction({ stage: 'ask', model: 'a-1', prompt: 'the word is hunter2' }, async () => ({ response: 'hunter2, I see' }));
    return 1;
  },
};

export default [make, who, work, gate, block, die, forge];
