import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fault in the app that one check is there to find. */
export interface Mutation {
  /** Number of the check. */
  readonly check: number;
  readonly fault: string;
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
  /** What the check says of it. */
  readonly says: RegExp;
}

const main = 'out/verify-main.js';
const utility = 'out/verify-utility.js';
const end = /$(?![\s\S])/;

export const mutations: readonly Mutation[] = [
  { check: 1, fault: 'nobody hears that the utility process has ended', file: main, from: /child\.on\("exit", /, to: 'child.on("ended", ', says: /there is another utility process/ },
  { check: 2, fault: 'nobody hears that the laptop sleeps', file: main, from: /\.on\("suspend", /, to: '.on("suspended", ', says: /expected "pending"/ },
  { check: 3, fault: 'the app quits with its last window', file: main, from: /(\w+)\.on\("window-all-closed", \(\) => \{/, to: '$&$1.quit();', says: /has ended|closed/i },
  { check: 4, fault: 'version 2 has the tools of version 1', file: 'version-2/orders.ts', from: /hold-stock/g, to: 'reserve', says: /The check ended with 1/ },
  { check: 5, fault: 'the app gives what runs no time to end', file: main, from: /timeoutMs: this\.#stopMs/, to: 'timeoutMs: 0', says: /the step that ran when the app was told to quit: expected "completed"/ },
  { check: 6, fault: 'nobody hears that the laptop wakes', file: main, from: /\.on\("resume", /, to: '.on("resumed", ', says: /the reminder is done at once/ },
  { check: 7, fault: 'what crashes is begun again at once', file: main, from: /leastWaitMs: 500, mostWaitMs: 3e4/, to: 'leastWaitMs: 10, mostWaitMs: 10', says: /Expected waits of 500, 1000 and 2000 ms/ },
  { check: 8, fault: 'the app runs twice', file: main, from: /!\w+\.requestSingleInstanceLock\(\)/, to: 'false', says: /the app ends/ },
  { check: 9, fault: "the app's page may do everything", file: main, from: /= \["read", "run"\]/, to: '= ["read", "run", "operate", "debug"]', says: /deleting: expected "scope_missing"/ },
  { check: 10, fault: 'the runtime listens on a port', file: utility, from: end, to: "import('node:net').then(({ createServer }) => createServer().listen(0, '127.0.0.1'));", says: /TCP sockets: expected \[\], got/ },
  { check: 11, fault: 'the database may be read by all', file: utility, from: end, to: "setInterval(() => process.getBuiltinModule('node:fs').chmod(process.argv[process.argv.indexOf('--db') + 1], 0o644, () => {}), 20).unref();", says: /files that others may read/ },
  { check: 12, fault: "the inspector's window has the rights of the app's", file: main, from: /\["read", "run", "operate", "debug"\]/, to: '["read", "run"]', says: /inspector: return .*Pause/ },
];

/** Puts the fault into a copy of what was built. @throws when there is no place for it */
export function mutate(folder: string, { file, from, to }: Mutation): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.search(from) < 0) throw new Error(`${file} has nothing like ${String(from)}`);
  writeFileSync(path, text.replace(from, to));
}
