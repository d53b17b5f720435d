import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder = '.', when = ''] = process.argv;
const done = text => appendFileSync(join(folder, 'done.log'), `${text}\n`);

/** Where the program keeps its database. */
export const toFile = name => join(folder, name);

export const reserve = async () => {
  done('reserved');
  return 'A7';
};

export const charge = async () => {
  done('charged');
  return 'receipt-1';
};

/** `crash` on the command line: the process dies here the first time, with the card charged. */
export const ship = async shelf => {
  if (when === 'crash') process.kill(process.pid, 'SIGKILL');
  done('shipped');
  return `track-${shelf}`;
};
