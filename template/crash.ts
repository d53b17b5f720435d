// Runs app.ts, and kills it with kill -9 as soon as the card has been charged.
import { spawn } from 'node:child_process';

const app = spawn(process.execPath, [...process.execArgv, 'app.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
let printed = '';
app.stdout.setEncoding('utf8').on('data', (text: string) => {
  if (app.killed) return;
  printed += text;
  const charged = /^ +charge: completed$/m.exec(printed);
  if (charged) app.kill('SIGKILL');
});
app.once('exit', (code, signal) => {
  console.log(printed.slice(0, printed.indexOf('charge: completed') + 'charge: completed'.length));
  if (signal === 'SIGKILL') console.log('\nKilled with SIGKILL: the card is charged, the parcel is not packed.\nNext: npm start');
  else console.log(`\nIt ended by itself, with exit code ${code}. Remove flows.db to begin anew.`);
  process.exitCode = signal === 'SIGKILL' ? 0 : 1;
});
