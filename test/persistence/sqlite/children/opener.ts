import { openSqliteStore } from '../../../../src/open-records.ts';
import { makeBatch, owner } from '../../conformance/fixtures.ts';

// Opens the file named first; with `acquire` takes it, too, and says how that went as JSON. Then ends without closing.
const [file = '', mode] = process.argv.slice(2);
const store = openSqliteStore({ file });
let result: unknown = { opened: true };
if (mode === 'acquire') {
  const begun = performance.now();
  try {
    store.acquire({ ...owner, pid: process.pid });
    store.commit(makeBatch({}));
    result = { acquired: true, ms: performance.now() - begun };
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: unknown };
    result = { code, message, details };
  }
}
console.log(JSON.stringify(result));
