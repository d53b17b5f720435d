import { createRuntime } from '../../src/index.ts';
import { openFilesStore } from '../../src/files.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { counter } from './counter.ts';

// Counts, and says each number that was acknowledged, until it is killed.
const [, , file = ''] = process.argv;
const store = file.endsWith('.db') ? openSqliteStore({ file, durability: 'process' }) : openFilesStore({ folder: file, durability: 'process' });
const runtime = await createRuntime({ store, kinds: [counter], listen: false });
await runtime.send(counter, { type: 'ring', id: 'alarm', inMs: 600_000 });
for (;;) process.send?.(await runtime.send(counter, { type: 'add', id: 'c', by: 1 }));
