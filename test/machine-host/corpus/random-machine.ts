import fc from 'fast-check';
import type { AnyStateMachine } from 'xstate';
import { assign, createMachine, raise, sendParent, sendTo, spawnChild, stopChild } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import { track } from './track.ts';

/** What a random statechart is made of: a tree, and numbers that choose targets. */
interface Shape {
  readonly kind: 'atomic' | 'compound' | 'parallel';
  readonly children: readonly Shape[];
  readonly numbers: readonly number[];
}

const numbers = fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 });
const shape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>(tie => ({
  shape: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'states' },
    fc.record({ kind: fc.constant('atomic' as const), children: fc.constant([]), numbers }),
    fc.record({ kind: fc.constant('compound' as const), children: fc.array(tie('shape'), { minLength: 2, maxLength: 3, depthIdentifier: 'states' }), numbers }),
    fc.record({ kind: fc.constant('parallel' as const), children: fc.array(tie('shape'), { minLength: 2, maxLength: 2, depthIdentifier: 'states' }), numbers }),
  ),
})).shape;

export const randomEvents = ['A', 'B', 'C', 'K'];

/** What JSON has no word for, and what it has. */
const odd = [undefined, Number.NaN, -0, 7n, Number.NEGATIVE_INFINITY, null, 'x', [undefined, Number.NaN], { a: undefined }];
const turn = assign({ odd: ({ context }: { context: { n: number; odd?: unknown } }) => odd[context.n % odd.length] });

/** What random machines spawn by value: it turns from one odd value to the next, and tells its parent now and then. */
const kid = createMachine({
  id: 'kid', context: { n: 0, odd: undefined as unknown }, initial: 'x',
  on: { K: { actions: [assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 }), turn] } },
  states: { x: { on: { K: { target: 'y', actions: sendParent({ type: 'C' }) } } }, y: { after: { 15: { target: 'x', actions: sendParent({ type: 'B' }) } } } },
} as never) as AnyStateMachine;
interface Context {
  readonly n: number;
  readonly odd: unknown;
  readonly kids: readonly unknown[];
}
const spawnOne = assign({
  kids: ({ context, spawn }: { context: Context; spawn: unknown }) =>
    context.kids.length > 2 ? [undefined] : [...context.kids, (spawn as (logic: unknown, options: object) => unknown)(kid, { id: `own-${context.n}-${context.kids.length}`, syncSnapshot: context.n % 2 === 0 })],
});

/** The same shape always gives the same machine. */
function build(id: string, root: Shape, child: AnyStateMachine | undefined, act: (name: string) => unknown): AnyStateMachine {
  const ids: string[] = [];
  const collect = (node: Shape, name: string): void => {
    ids.push(name);
    node.children.forEach((one, index) => collect(one, `${name}_${index}`));
    if (node.kind === 'compound') ids.push(`${name}_h`);
  };
  collect(root, id);
  const target = (number: number): string => `#${ids[number % ids.length]}`;
  const bump = assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 });
  const toConfig = (node: Shape, name: string): object => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0, k = 0, l = 0] = node.numbers;
    // Only the outer machine lives once: two actors of one name are an error, and live children of what failed outlive it in XState.
    const systemId = i % 2 === 0 && child !== undefined ? { systemId: `sys-${name}` } : {};
    const toKid = sendTo(({ system, self }) => (system.get(`sys-${ids[k % ids.length]}`) ?? self) as never, { type: 'K' } as never);
    const isEven = ({ context }: { context: { n: number } }): boolean => context.n % 2 === 0;
    const on = {
      ...(a % 2 === 0 ? { A: { target: target(a), actions: [act(`${name} A`), bump, turn], reenter: a % 3 === 0 } } : {}),
      ...(l % 3 === 0 ? { K: [{ guard: isEven, actions: [act(`${name} K`), spawnOne, bump] }, { actions: turn }] } : {}),
      ...(b % 2 === 0 ? { B: [{ guard: isEven, target: target(b), actions: act(`${name} B`) }, { actions: [bump, ...(k % 2 === 0 ? [toKid] : [])] }] } : {}),
      ...(c % 3 === 0 ? { C: { actions: [raise({ type: 'A' }, { delay: 1 + (c % 20), id: c % 2 === 0 ? 'one' : `own-${name}` }), bump] } } : {}),
    };
    const config = {
      id: name, on,
      entry: [act(`enter ${name}`), ...(j % 3 === 0 ? [spawnChild(kid, { id: `kid-${name}`, ...systemId })] : [])],
      exit: [act(`exit ${name}`), ...(j % 3 === 0 ? [stopChild(`kid-${name}`)] : [])],
      ...(d % 4 === 0 ? { after: { [1 + (d % 30)]: { target: target(d + 1), actions: [act(`after ${name}`), bump] } } } : {}),
      // Once only: a machine that never rests is no machine.
      ...(e % 5 === 0 ? { always: { guard: ({ context }: { context: { n: number; used: boolean } }) => !context.used && context.n > e % 4, target: target(e), actions: assign({ used: true }) } } : {}),
      ...(child && f % 3 === 0 ? { invoke: { src: child, id: `child-${name}`, onDone: { actions: bump }, onError: { actions: bump }, ...(g % 2 === 0 ? { onSnapshot: { actions: act(`seen ${name}`) } } : {}) } } : {}),
      ...(h % 5 === 0 && node.kind === 'atomic' && name !== id ? { type: 'final', on: undefined, after: undefined, always: undefined, invoke: undefined } : {}),
    };
    if (node.kind === 'atomic') return config;
    const states = Object.fromEntries(node.children.map((one, index) => [`s${index}`, toConfig(one, `${name}_${index}`)]));
    if (node.kind === 'parallel') return { ...config, type: 'parallel', states };
    return { ...config, initial: 's0', states: { ...states, h: { id: `${name}_h`, type: 'history', history: g % 2 === 0 ? 'deep' : 'shallow' } } };
  };
  return createMachine({ ...(toConfig(root, id) as object), context: { n: 0, used: false, odd: undefined, kids: [] } } as never) as AnyStateMachine;
}

const shapes = fc.tuple(shape, fc.option(shape, { nil: undefined }));
type Shapes = readonly [Shape, Shape | undefined];
const buildBoth = ([outer, inner]: Shapes, act: (name: string) => unknown): AnyStateMachine => build('m', outer, inner && build('k', inner, undefined, act), act);

/** Statecharts with parallel states, history, guards, `always`, delays, and other such machines inside. */
export const randomMachine: fc.Arbitrary<AnyStateMachine> = shapes.map(both => buildBoth(both, track));

/** The same, to be driven by whoever drives the corpus. */
export const randomEntry: fc.Arbitrary<CorpusMachine> = shapes.map(both => ({
  name: 'made at random',
  build: probe => buildBoth(both, name => probe.action(name)),
  knows: [kid],
  steps: [...randomEvents.map(type => ({ send: { type } })), { advance: 1 }, { advance: 7 }, { advance: 20 }],
}));
