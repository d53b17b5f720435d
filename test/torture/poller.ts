// A process that only reads: opens, lists, shows, closes, over and over, until its standard input ends.
import { openSqliteReader } from '../../src/open-records.ts';

const [file] = process.argv.slice(2) as [string];
const errors = new Set<string>();
let polls = 0;
let seen = 0;
let goesOn = true;
process.stdin.on('end', () => (goesOn = false)).resume();
while (goesOn) {
  try {
    const reader = openSqliteReader({ file });
    for (const { key } of reader.listExecutions({ limit: 20 })) {
      seen += reader.listSteps(key).length + reader.listAttempts(key).length + reader.readJournal(key, 0).length;
    }
    reader.countExecutions();
    reader.getOwner();
    reader.getSize();
    reader.close();
  } catch (error) {
    errors.add(String(error));
  }
  if (polls++ === 0) process.stdout.write('ready ');
  await new Promise<void>(resolve => setImmediate(resolve));
}
process.stdout.write(JSON.stringify({ polls, seen, errors: [...errors] }));
