import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Check } from './check.ts';
import { beginConnected, place, requireSame, shown } from './check.ts';
import type { DrivenApp } from './driven-app.ts';
import { until } from './driven-app.ts';
import { listPorts } from './list-ports.ts';

const findButton = (label: string): string => `[...document.querySelectorAll('.steering button')].find(button => button.textContent.includes('${label}') && !button.disabled)`;
const isLive = "return document.querySelector('.wire')?.textContent === 'Live'";

/** Asks for something with the protocol's own words, and claims rights; gives the code of the refusal. It takes the port of the page's client, whose end it is. */
async function askRaw(app: DrivenApp, method: string, params: object): Promise<unknown> {
  const code = await app.run(`
    client.close();
    return new Promise((resolve, reject) => {
      let port;
      const take = text => {
        const said = JSON.parse(text);
        if (said.type === 'welcome') port.post(JSON.stringify({ type: 'request', id: 1, method: '${method}', params: ${JSON.stringify(params)} }));
        else if (said.id === 1) resolve(said.code ?? 'allowed');
      };
      flowstone.open(take, () => reject(new Error('The port was closed'))).then(opened => {
        port = opened;
        port.post('{"type":"hello","versions":[1],"scopes":["debug","operate"],"token":"all"}');
        port.post('{"type":"hello","versions":[1],"token":"all"}');
      });
    });`);
  await app.ask('close');
  return code;
}

/** What the app may do to the machine, and its pages to the app. */
export const shellChecks: readonly Check[] = [
  {
    name: 'one instance: a second start quits, and shows the window of the first',
    run: async context => {
      const app = await beginConnected(context);
      await app.ask('close');
      requireSame(await app.ask('windows'), 0, 'windows');
      const second = context.begin();
      requireSame(await second.exitCode(), 0, 'exit code of the second');
      await until(async () => (await app.ask('windows')) === 1, 'the first shows its window');
      requireSame([app.starts, second.starts], [1, 0], 'starts of utility processes');
    },
  },
  {
    name: "rights: the app's page can neither delete nor hold, leave its page, open windows, nor reach Node.js; a stranger gets no port",
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see(shown.waiting);
      requireSame(await app.run(`return client.delete('${executionId}').then(() => 'allowed', ({ code }) => code)`), 'scope_missing', 'deleting');
      requireSame(await askRaw(app, 'pause', { target: executionId }), 'scope_missing', 'holding');
      await app.see(shown.connected);
      requireSame(await app.run('return [typeof require, typeof process, typeof module]'), ['undefined', 'undefined', 'undefined'], 'Node.js in the page');
      const address = await app.ask('address');
      await app.run("window.open('about:blank'); location.href = 'https://example.org/';");
      await wait(500);
      requireSame([await app.ask('windows'), await app.ask('address')], [1, address], 'windows, and the address of the page');
      await app.see(shown.connected);
      await app.ask('openStranger');
      const tryOpen = "return Promise.race([flowstone.open(() => {}, () => {}).then(() => 'a port'), new Promise(resolve => setTimeout(() => resolve('none'), 1500))])";
      requireSame(await app.run(tryOpen, 'stranger'), 'none', 'what a window gets that was not admitted');
      await app.ask('closeStranger');
    },
  },
  {
    name: 'no TCP port is open while the app runs, the inspector included',
    run: async context => {
      const app = await beginConnected(context);
      await place(app);
      await app.see(shown.waiting);
      await app.see(isLive, 'inspector');
      const pids = (await app.processes()).map(({ pid }) => pid);
      if (pids.length < 2) throw new Error(`Expected the processes of the app, got ${pids.join()}`);
      requireSame(listPorts(pids), [], 'TCP sockets');
    },
  },
  {
    name: "files: the database and what is beside it are the user's own (0600)",
    run: async ({ folder, ...context }) => {
      const app = await beginConnected({ folder, ...context });
      await place(app);
      await app.see(shown.waiting);
      const files = readdirSync(folder).filter(name => name.startsWith('flowstone.db')).map(name => join(folder, name));
      if (!files.includes(join(folder, 'flowstone.db'))) throw new Error(`Expected flowstone.db in ${folder}`);
      if (process.platform === 'win32') {
        const open = files.filter(file => /Everyone|BUILTIN\\Users|Authenticated Users/.test(execFileSync('icacls', [file], { encoding: 'utf8' })));
        return requireSame(open, [], 'files that others may read');
      }
      requireSame(files.filter(file => (statSync(file).mode & 0o077) !== 0), [], 'files that others may read or write');
    },
  },
  {
    name: 'the inspector has a window of its own, and holds an order there: only there',
    run: async context => {
      const app = await beginConnected(context);
      const executionId = await place(app);
      await app.see(shown.waiting);
      await app.see(isLive, 'inspector');
      await app.run(`location.hash = '#/x/${executionId}'`, 'inspector');
      await app.see(`return ${findButton('Pause')} !== undefined`, 'inspector');
      await app.run(`${findButton('Pause')}.click()`, 'inspector');
      await app.see(`return ${findButton('Resume')} !== undefined`, 'inspector');
      requireSame(await app.ask('windows'), 2, 'windows');
      await app.run(shown.approve);
      await wait(1_000);
      if (!(await app.run(shown.waiting))) throw new Error('The order that is held goes on');
      await app.run(`${findButton('Resume')}.click()`, 'inspector');
      await app.see(shown.scored);
      requireSame(await askRaw(app, 'pause', { target: executionId }), 'scope_missing', "holding from the app's own window");
    },
  },
];
