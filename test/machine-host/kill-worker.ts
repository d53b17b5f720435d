import { appendFileSync } from 'node:fs';
import { openSqliteStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createCounter } from './kill-machine.ts';

// Counts as fast as it can, and says outside of the database what it was told: until it is killed.
const [, , file = '', oracle = ''] = process.argv;
const machine = createCounter(line => appendFileSync(oracle, `${line}\n`));
const runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), machines: [machine], listen: false });
const actor = await runtime.spawn(machine, { id: 'c' });
appendFileSync(oracle, `saw ${actor.getSnapshot().context.n}\n`);
for (;;) {
  await actor.send({ type: 'more' });
  appendFileSync(oracle, `told ${actor.getSnapshot().context.n}\n`);
}
