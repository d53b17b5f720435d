import { parseArgs } from 'node:util';
import { createRuntime } from 'flowstone';
import { serveUtility } from 'flowstone/electron';
import { openSqliteStore } from 'flowstone/sqlite';
// The build says which version this is.
import { flows, machines, tools } from '#orders';

const { values: { db = 'flowstone.db', native } } = parseArgs({ options: { db: { type: 'string' }, native: { type: 'string' } } });

void serveUtility(async () => {
  const store = openSqliteStore({ file: db, ...(native !== undefined && { nativeBinding: native }) });
  const runtime = await createRuntime({ store, flows, tools, machines, isolation: false, maxInterruptions: 1_000 });
  // One that lives as long as the database.
  const [shop] = machines;
  await runtime.spawn(shop, { id: 'shop' });
  return runtime;
});
