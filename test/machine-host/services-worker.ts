import { appendFileSync } from 'node:fs';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createListener } from './services-machine.ts';

// Listens until it is killed, once it has heard all there is to hear.
const [, , file = '', oracle = ''] = process.argv;
const say = (line: string): void => appendFileSync(oracle, `${line}\n`);
const { machine, prices } = createListener(say);
const runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), machines: [machine], listen: false });
const actor = await runtime.spawn(machine, { id: 'l' });
const source = await runtime.actor('l/prices');
prices.next(7);
await source.waitFor(snapshot => (snapshot as unknown as { context?: unknown }).context === 7);
await actor.waitFor(({ context }) => context.ended && context.heard.length === 2);
process.send?.('ready');
