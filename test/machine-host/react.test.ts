import { window } from './dom.ts';
import { shallowEqual, useSelector } from '@xstate/react';
import { act, createElement, startTransition, StrictMode, useState } from 'react';
import type { FunctionComponent, ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, describe, expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const machine = setup({
  types: {} as { context: { items: string[]; note: string }; events: { type: 'add'; item: string } | { type: 'note'; text: string } | { type: 'order' } },
  actors: { pay: fromPromise<string>(async () => 'r-1') },
}).createMachine({
  id: 'cart',
  context: { items: [], note: '' },
  initial: 'open',
  states: {
    open: {
      on: {
        add: { actions: assign({ items: ({ context, event }) => [...context.items, event.item] }) },
        note: { actions: assign({ note: ({ event }) => event.text }) },
        order: 'paying',
      },
      after: { 86_400_000: 'abandoned' },
    },
    paying: { invoke: { id: 'payment', src: 'pay', onDone: 'paid' } },
    paid: { type: 'final' },
    abandoned: { type: 'final' },
  },
});

const open = async (place = openPlace({ machines: [machine] })) => {
  const runtime = await place.open();
  return { place, runtime, cart: await runtime.spawn(machine, { id: 'cart-1' }) };
};
type Cart = Awaited<ReturnType<typeof open>>['cart'];

let unmount = async (): Promise<void> => {};
afterEach(() => unmount());

/** Shows a component; what it then shows is its text. */
async function render(node: ReactNode): Promise<{ readonly text: () => string; readonly update: (node: ReactNode) => Promise<void> }> {
  const element = window.document.createElement('div');
  const root = createRoot(element as never);
  const update = (next: ReactNode): Promise<void> => act(async () => root.render(next));
  unmount = () => act(async () => root.unmount());
  await update(node);
  return { text: () => element.textContent, update };
}

/** What happens here reaches the components. */
const happen = (work: () => Promise<unknown>): Promise<void> => act(async () => {
  await work();
  await settleTicks();
});

const Status: FunctionComponent<{ actor: Cart }> = ({ actor }) => {
  const value = useSelector(actor, snapshot => snapshot.value);
  const isOpen = useSelector(actor, snapshot => snapshot.matches('open'));
  const count = useSelector(actor, snapshot => snapshot.context.items.length);
  return `${value}${isOpen ? '' : '!'} ${count}`;
};

describe('useSelector on a durable actor', () => {
  it('shows what was committed, and shows it anew after the next commit', async () => {
    const { runtime, cart } = await open();
    const view = await render(createElement(Status, { actor: cart }));
    expect(view.text()).toBe('open 0');
    let seenBeforeCommit = '';
    await happen(async () => {
      const sent = cart.send({ type: 'add', item: 'tea' });
      seenBeforeCommit = view.text();
      await sent;
    });
    expect([seenBeforeCommit, view.text()]).toEqual(['open 0', 'open 1']);
    await happen(() => cart.send({ type: 'order' }));
    expect(view.text()).toBe('paid! 1');
    await runtime.stop();
  });

  it('renders only when the selection has changed, by the comparison it is given', async () => {
    const { runtime, cart } = await open();
    let renders = 0;
    const Items: FunctionComponent = () => {
      renders++;
      return useSelector(cart, ({ context: { items } }) => ({ first: items[0] ?? 'none', count: items.length }), shallowEqual).first;
    };
    const view = await render(createElement(Items));
    const before = renders;
    await happen(() => cart.send({ type: 'note', text: 'please wrap' }));
    expect(renders).toBe(before);
    await happen(() => cart.send({ type: 'add', item: 'tea' }));
    expect(renders).toBe(before + 1);
    expect(view.text()).toBe('tea');
    await runtime.stop();
  });

  it('shows a delayed event that fell due between two runtimes, on the handle of the second', async () => {
    const { place, cart } = await open();
    await cart.send({ type: 'add', item: 'tea' });
    const view = await render(createElement(Status, { actor: cart }));
    await happen(() => place.close());
    expect(view.text()).toBe('open 1');
    place.clock.advance(90_000_000);
    const runtime = await place.open();
    const again = await runtime.actor<typeof machine>('cart-1');
    await view.update(createElement(Status, { actor: again }));
    await happen(() => settleTicks());
    expect(view.text()).toBe('abandoned! 1');
    await runtime.stop();
  });

  it('asks an actor nothing any more that a component has left for another, or with its end', async () => {
    const { runtime, cart } = await open();
    const other = await runtime.spawn(machine, { id: 'cart-2' });
    const asked: string[] = [];
    const Count: FunctionComponent<{ actor: Cart }> = ({ actor }) => useSelector(actor, ({ context }) => asked.push(actor.id) && String(context.items.length));
    const view = await render(createElement(StrictMode, null, createElement(Count, { actor: cart })));
    await view.update(createElement(StrictMode, null, createElement(Count, { actor: other })));
    asked.length = 0;
    await happen(() => cart.send({ type: 'add', item: 'cup' }));
    expect(asked).toEqual([]);
    await happen(() => other.send({ type: 'add', item: 'cup' }));
    expect(new Set(asked)).toEqual(new Set(['cart-2']));
    expect(view.text()).toBe('1');
    await unmount();
    unmount = async () => {};
    asked.length = 0;
    await other.send({ type: 'add', item: 'pot' });
    expect(asked).toEqual([]);
    await runtime.stop();
  });

  it('tears nothing: all components show one snapshot, also those rendered in a transition', async () => {
    const { runtime, cart } = await open();
    const torn: string[] = [];
    const Count: FunctionComponent = () => String(useSelector(cart, ({ context }) => context.items.length));
    let widen: (many: number) => void = () => {};
    const Many: FunctionComponent = () => {
      const [many, setMany] = useState(3);
      widen = setMany;
      return Array.from({ length: many }, (_, index) => createElement(Count, { key: index }));
    };
    const view = await render(createElement(Many));
    for (let turn = 0; turn < 5; turn++) {
      await happen(async () => {
        const sent = cart.send({ type: 'add', item: 'tea' });
        startTransition(() => widen(4 + turn));
        await sent;
      });
      if (new Set(view.text()).size !== 1) torn.push(view.text());
    }
    expect(torn).toEqual([]);
    expect(view.text()).toBe('55555555');
    await runtime.stop();
  });

  it('takes the handle of a child', async () => {
    const parent = setup({ actors: { cart: machine } }).createMachine({ id: 'shop', invoke: { id: 'cart', src: 'cart' } });
    const place = openPlace({ machines: [parent] });
    const runtime = await place.open();
    await runtime.spawn(parent, { id: 'shop-1' });
    const child = await runtime.actor<typeof machine>('shop-1/cart');
    const view = await render(createElement(Status, { actor: child }));
    await happen(() => child.send({ type: 'add', item: 'tea' }));
    expect(view.text()).toBe('open 1');
    await runtime.stop();
  });
});
