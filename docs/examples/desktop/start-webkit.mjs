// Starts the app in windows of WebKitGTK: node start-webkit.mjs [DATABASE]. Needs gjs and gir1.2-webkit2-4.1.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const [given] = process.argv.slice(2);
const database = resolve(given ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'flowstone-desktop-example/flowstone.db'));
mkdirSync(dirname(database), { recursive: true });
const out = join(import.meta.dirname, 'out');
const { error, status } = spawnSync('gjs', ['-m', join(out, 'webkit.mjs'), process.execPath, join(out, 'utility.js'), database, out], { stdio: 'inherit' });
if (error) console.error(`gjs could not be started (${error.message}): apt-get install gjs gir1.2-webkit2-4.1`);
process.exitCode = status ?? 1;
