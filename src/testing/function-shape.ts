import type { ValueFunction } from '../definition/value-function.ts';
import type { Shape, ShapeScope, ValuePath } from './expression-shape.ts';
import { reach } from './expression-shape.ts';

const element = '[]';
/** Reads of one call: a loop that would never end does. */
const maxReads = 2_000;
/** What JavaScript itself asks of any value. */
const ofObjects: ReadonlySet<string> = new Set(['toJSON', 'then', 'constructor', 'valueOf', 'toString']);
/** Larger constants than this are not counted up to. */
const maxTurn = 10_000;

/**
 * Finds out what a function reads by calling it with values that note it, a few times over; the constants in its text are what they
 * may be compared with.
 *
 * @returns where its own value comes from, if it is one it reads
 */
export function readFunctionShape(run: ValueFunction, shape: Shape, scope: ShapeScope): ValuePath | undefined {
  const ends = new Set<Shape>();
  let result: ValuePath | undefined;
  const literals = listConstants(run);
  // What the values come to in turn, so that another branch is taken.
  const turns = [1, 0, -1, ...literals.filter(one => typeof one === 'number' && one <= maxTurn).slice(0, 6).flatMap(one => [Number(one) + 1, Number(one) - 1])];
  for (const number of turns) {
    const places = new WeakMap<object, ValuePath>();
    let reads = 0;
    const note = (path: ValuePath): unknown => {
      const at = reach(shape, path);
      ends.add(at);
      const read = (name: string): unknown => {
        if (++reads > maxReads) throw new RangeError('It reads without end');
        if (name in Array.prototype && (name === 'length' || typeof Array.prototype[name as never] === 'function') && !(name in String.prototype && name !== 'length')) {
          at.kinds.add('list');
          const members = number > 0 ? [note([...path, element])] : [];
          return name === 'length' ? members.length : (members[name as never] as unknown as () => unknown).bind(members);
        }
        if (typeof String.prototype[name as never] === 'function') {
          at.kinds.add('text');
          return (...given: unknown[]) => {
            for (const one of given) if (typeof one === 'string') at.literals.add(one);
            return ('x'[name as never] as unknown as (...all: unknown[]) => unknown).call('x', ...given);
          };
        }
        const fan = path.length === 3 && path[2] === 'output' && scope.isFanOut(path[1] ?? '') && /^\d+$/.test(name);
        return note([...path, fan || /^\d+$/.test(name) ? element : name]);
      };
      const proxy = new Proxy({}, {
        get: (_target, name) => {
          if (name === Symbol.toPrimitive) return (hint: string) => (hint !== 'string' && at.kinds.add('number'), hint === 'string' ? 'x' : number);
          if (name === Symbol.iterator) return () => (at.kinds.add('list'), [note([...path, element])][Symbol.iterator]());
          return typeof name === 'symbol' || ofObjects.has(name) ? undefined : read(name);
        },
        has: (_target, name) => (typeof name === 'string' && note([...path, name]), true),
      });
      places.set(proxy, path);
      return proxy;
    };
    try {
      const item = scope.item ? { item: note(scope.item), index: 0 } : {};
      const value = run({ input: note(['input']), steps: note(['steps']) as never, ...item, now: 0, random: () => 0 });
      result ??= typeof value === 'object' && value !== null ? places.get(value) : undefined;
    } catch {
      // What it read before counts.
    }
  }
  for (const at of ends) if (at.members.size === 0) for (const literal of literals) if (!at.kinds.has('list') && (at.kinds.size === 0 || at.kinds.has(typeof literal === 'number' ? 'number' : 'text'))) at.literals.add(literal);
  return result;
}

/** Numbers and texts that are written in it. */
function listConstants(run: ValueFunction): (number | string)[] {
  const text = String(run);
  const texts = [...text.matchAll(/'([^'\\\n]*)'|"([^"\\\n]*)"/g)].map(([, single, double]) => single ?? double ?? '');
  return [...[...text.matchAll(/(?<![\w$.])\d+(?:\.\d+)?/g)].map(([number]) => Number(number)), ...texts];
}
