// A process of its own that owns a database until it is killed: node own-database.ts FILE
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';

const runtime = await createRuntime({ store: openSqliteStore({ file: process.argv[2] ?? '' }) });
process.stdout.write(`${JSON.stringify(runtime.health().owner)}\n`);
