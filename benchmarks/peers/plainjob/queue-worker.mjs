/** One of several processes that handle: `queue-worker.mjs <database> <synchronous>`. Begins with the first line it reads. */
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';

const silent = { error() {}, warn() {}, info() {}, debug() {} };
const [file, synchronous] = process.argv.slice(2);
const database = new Database(file);
database.pragma('busy_timeout = 5000');
const queue = defineQueue({ connection: better(database), logger: silent });
if (synchronous) database.pragma(`synchronous = ${synchronous}`);
const worker = defineWorker('job', () => {}, { queue, logger: silent, pollIntervall: 1 });
process.stdin.once('data', () => void worker.start());
console.log('ready');
