import fc from 'fast-check';
import type { AnyStateMachine } from 'xstate';
import { assign, createMachine, raise } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import { track } from './track.ts';

/** What a random statechart is made of: a tree, and numbers that choose targets. */
interface Shape {
  readonly kind: 'atomic' | 'compound' | 'parallel';
  readonly children: readonly Shape[];
  readonly numbers: readonly number[];
}

const numbers = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 8 });
const shape: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>(tie => ({
  shape: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'states' },
    fc.record({ kind: fc.constant('atomic' as const), children: fc.constant([]), numbers }),
    fc.record({ kind: fc.constant('compound' as const), children: fc.array(tie('shape'), { minLength: 2, maxLength: 3, depthIdentifier: 'states' }), numbers }),
    fc.record({ kind: fc.constant('parallel' as const), children: fc.array(tie('shape'), { minLength: 2, maxLength: 2, depthIdentifier: 'states' }), numbers }),
  ),
})).shape;

export const randomEvents = ['A', 'B', 'C'];

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
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = node.numbers;
    const isEven = ({ context }: { context: { n: number } }): boolean => context.n % 2 === 0;
    const on = {
      ...(a % 2 === 0 ? { A: { target: target(a), actions: [act(`${name} A`), bump], reenter: a % 3 === 0 } } : {}),
      ...(b % 2 === 0 ? { B: [{ guard: isEven, target: target(b), actions: act(`${name} B`) }, { actions: bump }] } : {}),
      ...(c % 3 === 0 ? { C: { actions: [raise({ type: 'A' }, { delay: 1 + (c % 20), id: c % 2 === 0 ? 'one' : `own-${name}` }), bump] } } : {}),
    };
    const config = {
      id: name, on,
      entry: [act(`enter ${name}`)], exit: [act(`exit ${name}`)],
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
  return createMachine({ ...(toConfig(root, id) as object), context: { n: 0, used: false } } as never) as AnyStateMachine;
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
  steps: [...randomEvents.map(type => ({ send: { type } })), { advance: 1 }, { advance: 7 }, { advance: 20 }],
}));
