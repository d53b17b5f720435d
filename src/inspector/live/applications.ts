import { signal } from '@preact/signals';
import { systemClock } from '../../core/clock.ts';
import { InspectedApp } from '../graph/inspected-app.ts';

/** How soon a connection that ended is made again, ms. */
const againMs = 2_000;

/** Applications of XState that tell of their actors, by their numbers; 0: this runtime. They change: `told` rises with them. */
export const applications = signal<ReadonlyMap<number, InspectedApp>>(new Map());
/** Rises, once a frame, with what is told. */
export const told = signal(0);

/** Listens where XState's inspectors are spoken. What is told of is only looked at. */
export function followApplications(path: string): void {
  const url = new URL(path, location.origin.replace(/^http/, 'ws'));
  let apps = new Map<number, InspectedApp>();
  let isDrawn = true;
  const draw = (): void => {
    isDrawn = true;
    applications.value = new Map(apps);
    told.value++;
  };
  const connect = (): void => {
    const socket = new WebSocket(url);
    // Who connects is told anew of all there is.
    socket.addEventListener('open', () => void (apps = new Map()));
    socket.addEventListener('message', ({ data }) => {
      const event = JSON.parse(String(data)) as { readonly app?: unknown };
      const number = typeof event.app === 'number' ? event.app : 0;
      const app = apps.get(number) ?? new InspectedApp();
      apps.set(number, app);
      app.take(event);
      if (!isDrawn) return;
      isDrawn = false;
      requestAnimationFrame(draw);
    });
    socket.addEventListener('close', ({ code }) => {
      if (code !== 1001) systemClock.setTimer(connect, againMs);
    });
  };
  connect();
}
