import { openSqliteReader } from '../../../../src/open-records.ts';

// Reads the file named first until the execution has had as many commits as named second. Says how often it read.
const [file = '', target = '1'] = process.argv.slice(2);
let reads = 0;

function read(): void {
  // Opened every time: opening is when locks are in the way.
  const reader = openSqliteReader({ file });
  const seq = reader.getExecution('execution-1')?.seq ?? 0;
  const steps = reader.listSteps(1).length;
  const owner = reader.getOwner();
  reader.close();
  if (steps < seq) throw new Error(`Expected at least ${seq} steps, found ${steps}: a commit was read in part`);
  if (!owner) throw new Error('Expected an owner, found none');
  reads += 1;
  if (seq >= Number(target)) console.log(`read ${reads}`);
  else setImmediate(read);
}

read();
