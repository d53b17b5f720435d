import { signal } from '@preact/signals';
import { parseRoute, type Route, toFragment } from './route.ts';

/** Where the page is. */
export const route = signal<Route>({ page: 'list' });

/** Follows the address of the page. */
export function followRoute(): void {
  const read = (): void => void (route.value = parseRoute(location.hash));
  addEventListener('hashchange', read);
  read();
}

/** Goes to a place, so that `back` leads here again. */
export function goTo(next: Route): void {
  location.hash = toFragment(next);
}

/** Says where the page is without a new entry in its past: for what changes with every key. */
export function noteRoute(next: Route): void {
  history.replaceState(null, '', toFragment(next));
}
