import fc from 'fast-check';
import type { CorpusMachine, Drive, Observation, ScriptStep } from './driven.ts';

/** Scripts of up to `maxLength` steps, made of what may happen to a machine. */
export const scripts = ({ steps }: CorpusMachine, maxLength = 25): fc.Arbitrary<ScriptStep[]> => fc.array(fc.constantFrom(...steps), { maxLength, size: 'max' });

/** Sends a machine through a script and notes what can be seen after each step. */
export async function follow(drive: Drive, entry: CorpusMachine, script: readonly ScriptStep[], restarts = false): Promise<Observation[]> {
  const driven = drive(entry);
  try {
    const seen = [await driven.begin()];
    for (const step of script) {
      if (restarts) await driven.restart();
      seen.push(await driven.step(step));
    }
    return seen;
  } finally {
    await driven.stop();
  }
}
