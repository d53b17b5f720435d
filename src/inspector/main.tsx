// The page of the inspector's server, and of an app's window: everything over one connection to the machine it is on.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { leave } from './live/enter.ts';
import { findClient } from './live/find-client.ts';
import { openExecution } from './live/open-execution.ts';
import { followHeld, notice, scopes, whyNotControlled, wire } from './live/stepping.ts';
import { Wire } from './live/wire.ts';
import { listenToKeys } from './model/keys.ts';
import { followRoute, route } from './model/place.ts';
import { followView, model } from './model/view-state.ts';
import { App } from './panels/app.tsx';

const page = document.getElementById('page');
const found = await findClient();
if (found) {
  const connection = new Wire(found.client);
  whyNotControlled.value = found.why;
  wire.value = connection;
  const { xstate } = found;
  // Loaded after the rest: what it draws is not what the page is opened for.
  if (xstate !== undefined) void import('./live/applications.ts').then(({ followApplications }) => followApplications(xstate));
  effect(() => {
    if (connection.state.value === 'connected') scopes.value = connection.scopes;
    if (connection.state.value === 'refused') leave();
  });
  let isFollowing = false;
  effect(() => {
    if (isFollowing || !scopes.value.includes('debug')) return;
    isFollowing = true;
    followHeld(connection);
  });
  let close = (): void => {};
  let shown: string | undefined;
  effect(() => {
    const place = route.value;
    const id = place.page === 'execution' ? place.id : undefined;
    if (id === shown) return;
    close();
    shown = id;
    model.value = undefined;
    close = place.page === 'execution' ? openExecution(connection, place.id, place, error => void (notice.value = error instanceof Error ? error.message : String(error))) : () => {};
  });
}
followRoute();
listenToKeys();
followView();
if (page) render(<App isKnown={found !== undefined} />, page);
