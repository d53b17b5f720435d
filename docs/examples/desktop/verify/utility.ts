import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRuntime, defineFlow, systemClock } from 'flowstone';
import { serveUtility } from 'flowstone/electron';
import { openSqliteStore } from 'flowstone/sqlite';
import { flows, machines, tools } from '#orders';

/*
 * The runtime of the app, as app/utility.ts opens it, with what cannot be had on order: a clock that is ahead by what a file says,
 * as after a night with the lid closed; one order at a time, and a process that ends as soon as it is ready, while a file says so.
 */

const { values: { db = 'flowstone.db', native } } = parseArgs({ options: { db: { type: 'string' }, native: { type: 'string' } } });
const readNumber = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
const clock = { ...systemClock, now: () => systemClock.now() + readNumber(`${db}.ahead`) };
const reminder = defineFlow({
  id: 'reminder',
  steps: [{ id: 'sleep', uses: 'sleep', with: { for: '6h' } }, { id: 'remind', uses: 'tool:ship', with: { what: 'reminder' }, depends_on: ['sleep'] }],
});

serveUtility(async () => {
  const store = openSqliteStore({ file: db, ...(native !== undefined && { nativeBinding: native }) });
  const runtime = await createRuntime({ store, flows: [...flows, reminder], tools, machines, isolation: false, maxInterruptions: 1_000, clock, ...(existsSync(`${db}.one`) && { maxActiveFlows: 1 }) });
  const [shop] = machines;
  await runtime.spawn(shop, { id: 'shop' });
  return runtime;
}).then(() => {
  // Until what it has told has left.
  if (existsSync(`${db}.crash`)) systemClock.setTimer(() => process.exit(3), 100);
}, () => process.exit(1));
