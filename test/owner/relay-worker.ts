/* Hands texts on between two ports it is given: what is tried over it goes through another thread both ways. */
import type { MessagePort } from 'node:worker_threads';
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', ({ one, other }: { readonly one: MessagePort; readonly other: MessagePort }) => {
  const join = (from: MessagePort, to: MessagePort): void => {
    from.on('message', text => to.postMessage(text));
    from.on('close', () => to.close());
  };
  join(one, other);
  join(other, one);
});
