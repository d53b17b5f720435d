import { describe, expect, it } from 'vitest';
import type { Answer } from '../../persistence/answer.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { FlowError } from '../../src/core/errors.ts';
import type { Envelope, Kind, Tick } from '../../src/engine/kind.ts';
import { DueTimes } from '../../src/engine/due.ts';
import { Loop } from '../../src/engine/loop.ts';

interface Command {
  readonly id: string;
  readonly along?: readonly Envelope[];
  readonly next?: Envelope;
}

const pause = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
};

/** Notes what it is asked to read, and what it decides. */
class Readers implements Kind<Command> {
  readonly name = 'readers';
  readonly idle = true;
  readonly log: string[] = [];
  readonly failed: string[] = [];
  readonly #read: (id: string) => Answer<void>;
  readonly #loaded = new Set<string>();

  constructor(read: (id: string) => Answer<void>) {
    this.#read = read;
  }

  begin(): void {}

  load({ id }: Command): Answer<void> {
    const keep = (): void => void this.#loaded.add(id);
    const answer = this.#read(id);
    return answer instanceof Promise ? answer.then(keep) : keep();
  }

  takesAlong({ along = [] }: Command): readonly Envelope[] {
    return along;
  }

  apply({ id, along = [], next }: Command, tick: Tick): string {
    this.log.push(this.#loaded.has(id) ? id : `${id}, not read`);
    for (const envelope of along) tick.take(envelope);
    if (next) tick.post(next);
    return id;
  }

  collect(): boolean {
    return true;
  }

  perform(): void {
    this.#loaded.clear();
    this.log.push('stored');
  }

  readBack(): void {
    this.#loaded.clear();
    this.log.push('read back');
  }

  fail({ refused }: Envelope, error: Error): void {
    this.failed.push(error.message);
    refused?.(error);
  }

  halt(): void {}
}

interface Opened {
  readonly loop: Loop;
  readonly kind: Readers;
  readonly faults: Error[];
  readonly tell: (command: Command) => Promise<unknown>;
}

function open(read: (id: string) => Answer<void>, store: Partial<Records> = { commit: () => undefined }): Opened {
  const kind = new Readers(read);
  const faults: Error[] = [];
  const loop = new Loop({ store: store as Records, clock: new SimulatedClock(), due: new DueTimes(new SimulatedClock()), defer: turn => void setImmediate(turn), ticked: () => {}, fault: error => void faults.push(error) });
  const tell = (command: Command): Promise<unknown> => new Promise((done: (answer: never) => void, refused) => loop.post({ kind, command, done, refused })).catch((error: Error) => error);
  return { loop, kind, faults, tell };
}

const late = async (id: string): Promise<void> => pause(id.length);

describe('what a command is decided by', () => {
  it('is read before it, with what is taken along and what follows, one after the other in one tick', async () => {
    const { kind, tell } = open(late);
    const answers = await Promise.all([tell({ id: 'first', along: [{ kind, command: { id: 'along' } }], next: { kind, command: { id: 'then' } } }), tell({ id: 'b' }), tell({ id: 'ccc' })]);
    expect(answers).toEqual(['first', 'b', 'ccc']);
    expect(kind.log).toEqual(['first', 'along', 'b', 'ccc', 'then', 'stored']);
  });

  it('is read in the same turn where the store answers at once', async () => {
    const { kind, tell } = open(() => undefined);
    const answers = Promise.all([tell({ id: 'a' }), tell({ id: 'b', next: { kind, command: { id: 'c' } } })]);
    await pause(1);
    expect(kind.log).toEqual(['a', 'b', 'c', 'stored']);
    expect(await answers).toEqual(['a', 'b']);
  });

  it.each([
    ['at once', () => { throw new FlowError('store_damaged', 'Expected a row that can be read'); }],
    ['late', async () => { throw new FlowError('store_damaged', 'Expected a row that can be read'); }],
  ])('refuses it alone when it cannot be read, %s', async (_when, refuse) => {
    const { kind, faults, tell } = open(id => (id === 'bad' ? refuse() : undefined));
    const answers = await Promise.all([tell({ id: 'a' }), tell({ id: 'bad' }), tell({ id: 'b', along: [{ kind, command: { id: 'bad' } }] })]);
    expect(answers).toEqual(['a', expect.objectContaining({ code: 'store_damaged' }), 'b']);
    expect(kind.log).toEqual(['a', 'b', 'stored']);
    expect(faults).toEqual([]);
  });

  it('fails it alone when reading it throws: the tick is read back, and halved', async () => {
    const { kind, faults, tell } = open(async id => {
      if (id === 'bad') throw new TypeError('what was read makes no sense');
    });
    expect(await Promise.all([tell({ id: 'a' }), tell({ id: 'bad' }), tell({ id: 'b' })])).toEqual(['a', expect.any(TypeError), 'b']);
    expect(kind.failed).toEqual(['what was read makes no sense']);
    // All three, the first two, the one.
    expect(kind.log.filter(entry => entry === 'read back')).toHaveLength(3);
    expect(faults).toEqual([]);
  });

  it('faults the runtime when the store itself has trouble', async () => {
    const { kind, faults, tell } = open(async () => {
      throw new FlowError('store_read_failed', 'The disk is gone');
    });
    void tell({ id: 'a' });
    await pause(5);
    expect(faults).toMatchObject([{ code: 'store_read_failed' }]);
    expect(kind.log).toEqual([]);
  });

  it('is nothing to a kind whose loop was given up meanwhile', async () => {
    const { loop, kind, faults, tell } = open(late);
    const answer = tell({ id: 'a long one' });
    await pause(4);
    loop.close(new Error('The end'));
    expect(await answer).toMatchObject({ message: 'The end' });
    await pause(20);
    expect(kind.log).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('has to be there at once where a transaction is open', async () => {
    const commitWith = (build: (attempt: never) => CommitBatch): void => void build((() => {}) as never);
    const { loop, kind } = open(late, { commit: () => undefined, commitWith });
    const answer = new Promise((done, refused) => loop.post({ kind, command: { id: 'a' }, done, refused, writes: true })).catch((error: Error) => error);
    expect(await answer).toMatchObject({ code: 'store_unsupported' });
    expect(kind.log).toEqual(['read back']);
  });
});
