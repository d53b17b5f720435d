import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jobs, openStand, rest } from './stand.ts';

const root = join(import.meta.dirname, '../..');
const written: string[] = [];
afterEach(() => {
  for (const file of written.splice(0)) rmSync(file, { force: true });
  vi.resetModules();
});

/** What goes wrong when executions stand still, are stepped and go on; nothing of a gate that holds what it says. */
async function findFaults(): Promise<string[]> {
  const { createRuntime } = await import('../../src/runtime/create-runtime.ts');
  const { createMemoryStore } = await import('../../src/index.ts');
  const faults: string[] = [];
  const { runtime, debug, store, clock, countEntries } = await openStand(createRuntime, createMemoryStore as never);
  const [waiting, machine, letter] = [await runtime.start('waiting'), await runtime.start('machine'), await runtime.start('letter')];
  await rest();
  for (const { executionId } of [waiting, machine, letter]) await debug.pause(executionId);
  let before = countEntries();
  let isAnswered = false;
  void waiting.signal('go', {}).then(() => (isAnswered = true), () => {});
  await runtime.publish(jobs, { n: 1 });
  await rest();
  if (countEntries() !== before || isAnswered) faults.push('something was stored or answered for what stands still');
  const others: unknown[] = [];
  await runtime.consume(jobs, async ({ payload }) => void others.push(payload));
  for (let minute = 0; minute < 8; minute++) {
    clock.advance(60_000);
    await rest();
  }
  if (others.length > 0) faults.push('a held message was given to another');
  before = countEntries();
  void machine.signal('other', { n: 1 }, { force: true }).catch(() => {});
  await rest();
  await debug.step(machine.executionId);
  const signals = await store.listSignals((await store.getExecution(machine.executionId))?.key ?? 0);
  if (signals.length !== 1) faults.push('a signal that was let in is nowhere');
  await runtime.stop({ timeoutMs: 0 });
  return faults;
}

const mutants: readonly (readonly [what: string, file: string, from: string, to: string])[] = [
  ['holds after the decision', 'src/engine/loop.ts', 'const given = sift === undefined ? taken : sift.sift(taken);', 'const given = taken;'],
  ['holds half of a reply (rule 3)', 'src/debugger/gate.ts', 'subject.passes || this.#moved.has(subject.key) ? undefined : this.#find(subject, kind);\n    if (!hold) {', 'subject.passes ? undefined : this.#find(subject, kind);\n    if (!hold) {'],
  ['lets in what is sent from within a tick (rule 4)', 'src/debugger/gate.ts', 'this.#provisional.push({ hold, envelope, stays: false });\n    return true;', 'return false;'],
  ['lets the claim of a held message run out (rule 7)', 'src/kinds/queues/message-waiters.ts', '|| !isHeld(executionId)) continue;', '|| !isHeld(executionId) || passed >= 0) continue;'],
];

describe('a gate', () => {
  it('that is as it is, shows no fault', async () => {
    expect(await findFaults()).toEqual([]);
  });

  it.each(mutants)('that %s is found out', async (_what, file, from, to) => {
    const source = readFileSync(join(root, file), 'utf8');
    expect(source.split(from)).toHaveLength(2);
    // Hidden from those who list the sources meanwhile.
    const copy = file.replace(/([^/]+)\.ts$/, `.mutant-of-$1-${process.pid}.ts`);
    written.push(join(root, copy));
    writeFileSync(join(root, copy), source.replace(from, to));
    vi.doMock(`../../${file}`, () => import(`../../${copy}`));
    expect(await findFaults()).not.toEqual([]);
    vi.doUnmock(`../../${file}`);
  });
});
