/* The main process of an app, to be killed: node mortal-main.ts FOLDER. Says the process id of its utility process when that is ready. */
import { join } from 'node:path';
import { embed } from '../../src/desktop/embed.ts';
import { createFakeElectron } from './fake-electron.ts';

const [folder = ''] = process.argv.slice(2);
const { electron, processes } = createFakeElectron(folder);
embed({
  electron,
  utility: join(import.meta.dirname, 'app-utility.ts'),
  args: ['--db', join(folder, 'app.db'), '--ledger', join(folder, 'ledger')],
  changed: state => {
    if (state === 'running') console.log(processes.at(-1)?.pid);
  },
});
