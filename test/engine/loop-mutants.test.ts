import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRefusedError } from '../../persistence/store-errors.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Kind } from '../../src/engine/kind.ts';
import { DueTimes } from '../../src/engine/due.ts';
import { Loop } from '../../src/engine/loop.ts';
import { createSeededRandom } from '../../src/core/ids.ts';

interface Command {
  readonly id: string;
  readonly text: string;
}

/** Appends texts to instances, and has each stored with its whole text. */
class Texts implements Kind<Command> {
  readonly name = 'texts';
  readonly idle = true;
  readonly stored = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  readonly #touched = new Set<string>();
  readonly wrong: string[] = [];

  begin(): void {}

  apply({ id, text }: Command): string {
    const whole = (this.#texts.get(id) ?? '') + text;
    this.#texts.set(id, whole);
    this.#touched.add(id);
    if (text === '!') throw new TypeError('a machine throws');
    return whole;
  }

  collect(batch: { kinds?: unknown }): boolean {
    batch.kinds = new Map([...this.#touched].map(id => [id, this.#texts.get(id)]));
    return true;
  }

  perform(): void {
    for (const id of this.#touched) if (this.stored.get(id) !== this.#texts.get(id)) this.wrong.push(`done before it was stored: ${id}`);
    this.#touched.clear();
  }

  readBack(): void {
    for (const id of this.#touched) {
      const text = this.stored.get(id);
      if (text === undefined) this.#texts.delete(id);
      else this.#texts.set(id, text);
    }
    this.#touched.clear();
  }

  fail({ refused }: Parameters<Kind['fail']>[0], error: Error): void {
    refused?.(error);
  }

  halt(): void {}
}

type LoopClass = typeof Loop;

/** Runs random commands, some of which throw or are refused, and says what is not as an oracle has it. */
async function findFaults(Subject: LoopClass, seed: number): Promise<string[]> {
  const random = createSeededRandom(seed);
  const kind = new Texts();
  const store = {
    commit(batch: { readonly kinds: Map<string, string> }) {
      for (const [id, text] of batch.kinds) if (text.includes('?')) throw createRefusedError('texts', id);
      for (const [id, text] of batch.kinds) kind.stored.set(id, text);
    },
  } as unknown as Records;
  const turns: (() => void)[] = [];
  const loop = new Subject({ store, clock: new SimulatedClock(), due: new DueTimes(new SimulatedClock()), defer: turn => void turns.push(turn), ticked: () => {}, fault: error => kind.wrong.push(`faulted: ${error.message}`) });
  const oracle = new Map<string, string>();
  let open = 0;
  const tell = (most: number): void => {
    for (let count = Math.ceil(random.next() * most); count > 0; count--) {
      const id = `i${Math.floor(random.next() * 8)}`;
      const roll = random.next();
      const text = roll < 0.01 ? '!' : roll < 0.02 ? '?' : String(Math.floor(random.next() * 10));
      const isGood = text !== '!' && text !== '?';
      if (isGood) oracle.set(id, (oracle.get(id) ?? '') + text);
      open++;
      loop.post({
        kind, command: { id, text },
        done: (answer: string) => {
          open--;
          if (!isGood) kind.wrong.push('what is to blame was stored');
          if (!kind.stored.get(id)?.startsWith(answer)) kind.wrong.push('answered before it was stored');
        },
        refused: () => {
          open--;
          if (isGood) kind.wrong.push('an innocent was refused');
        },
      });
    }
  };
  for (let round = 0; round < 6; round++) {
    tell(200);
    // Some come while a tick that was dropped is taken again.
    for (let turn = 0; turn < 3; turn++) {
      for (const next of turns.splice(0)) next();
      await Promise.resolve();
      tell(10);
    }
    for (let idle = 0; idle < 5; idle = turns.length === 0 ? idle + 1 : 0) {
      for (const turn of turns.splice(0)) turn();
      await Promise.resolve();
    }
  }
  if (open !== 0) kind.wrong.push(`${open} were never answered`);
  for (const [id, text] of oracle) if (kind.stored.get(id) !== text) kind.wrong.push(`${id} is not what it was told, in its order`);
  return kind.wrong;
}

const mutants: readonly (readonly [what: string, from: string, to: string])[] = [
  ['reads nothing back', 'for (const kind of kinds) await kind.readBack();', ''],
  ['does not halve', 'if (given.length > 1) this.#again.unshift(given.slice(0, half), given.slice(half));', 'if (given.length > 1 && half) for (const one of given) one.kind.fail(one, toError(error));'],
  ['answers before the commit', 'if (done || refused) this.answers.push({ envelope, answer });', 'if (!(answer instanceof Refusal)) done?.(answer as never);'],
  ['acts before the commit', 'return batch && store.commit(batch);', 'for (const kind of work.kinds) kind.perform(work.now);\n    return batch && store.commit(batch);'],
  ['takes the halves in another order', 'this.#again.unshift(given.slice(0, half), given.slice(half));', 'this.#again.unshift(given.slice(half), given.slice(0, half));'],
  ['takes what came meanwhile first', 'const taken = this.#again.shift() ?? this.#takeInbox();', 'const taken = this.#inbox.length > 0 ? this.#takeInbox() : (this.#again.shift() ?? []);'],
];
const seeds = [1, 2, 3, 4, 5];

describe('the loop of the engine', () => {
  it('stores every command once and in order, but for those that are to blame', async () => {
    for (let seed = 1; seed <= 40; seed++) expect([seed, await findFaults(Loop, seed)]).toEqual([seed, []]);
  });

  it.each(mutants)('that %s is found out', async (_what, from, to) => {
    const sources = ['loop', 'tick'].map(name => readFileSync(join(import.meta.dirname, `../../src/engine/${name}.ts`), 'utf8'));
    expect(sources.join('\n').split(from)).toHaveLength(2);
    const index = mutants.findIndex(mutant => mutant[1] === from && mutant[2] === to);
    const [loop = '', tick = ''] = ['loop', 'tick'].map(name => join(import.meta.dirname, `mutant-of-${name}-${index}.ts`));
    const toMutant = (source: string): string =>
      source.replace(from, to).replace("from './tick.ts'", `from '${tick}'`).replaceAll("from './", "from '../../src/engine/").replaceAll("from '../core/", "from '../../src/core/");
    for (const [place, file] of [loop, tick].entries()) writeFileSync(file, toMutant(sources[place] ?? ''));
    try {
      const { Loop: Mutant } = (await import(loop)) as { readonly Loop: LoopClass };
      const faults = [];
      for (const seed of seeds) faults.push(...(await findFaults(Mutant, seed)));
      expect(faults).not.toEqual([]);
    } finally {
      for (const file of [loop, tick]) rmSync(file);
    }
  });
});
