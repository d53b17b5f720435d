import { of, Subject } from 'rxjs';
import { assign, fromCallback, fromEventObservable, fromObservable, setup } from 'xstate';
import type { EventObject } from 'xstate';

/** A machine with one service of each kind; it says which begins, and with what. */
export function createListener(say: (line: string) => void) {
  const prices = new Subject<number>();
  const machine = setup({
    types: {} as { context: { ended: boolean; heard: string[] } },
    actors: {
      prices: fromObservable<number, string>(({ input }) => (say(`prices ${input}`), prices)),
      once: fromObservable<string, string>(({ input }) => (say(`once ${input}`), of('all there is'))),
      news: fromEventObservable<EventObject, string>(({ input }) => (say(`news ${input}`), of({ type: 'heard', from: `news ${input}` }))),
      line: fromCallback<EventObject, string>(({ input, sendBack }) => {
        say(`line ${input}`);
        sendBack({ type: 'heard', from: `line ${input}` });
      }),
    },
  }).createMachine({
    id: 'listener',
    context: { ended: false, heard: [] },
    invoke: [
      { id: 'prices', src: 'prices', input: 'tea' },
      { id: 'once', src: 'once', input: 'now', onDone: { actions: assign({ ended: true }) } },
      { id: 'news', src: 'news', input: 'local' },
      { id: 'line', src: 'line', input: '42' },
    ],
    on: { heard: { actions: assign({ heard: ({ context, event }) => [...context.heard, (event as unknown as { from: string }).from] }) } },
  });
  return { machine, prices };
}
