import type { AnyStateMachine } from 'xstate';
import { flowMachine } from '../../machines/flow.ts';
import { stepMachine } from '../../machines/step.ts';
import { openRecords } from '../../persistence/records/open-records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime, createRuntimeOn } from '../../src/runtime/create-runtime.ts';
import type { Machines } from '../../src/kernel/machines.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import { compile } from '../machines/golden-paths.ts';
import { listMutants } from '../machines/mutants.ts';

export type Open = (options: RuntimeOptions) => Promise<Runtime>;

/** A runtime on machines one of which is a mutant. */
export function openWith(name: keyof Machines, machine: AnyStateMachine): Open {
  return options => createRuntimeOn({ ...compiledMachines, [name]: compile(machine) } as unknown as Machines, options);
}

function requireMutant(machine: AnyStateMachine, name: string): AnyStateMachine {
  const mutant = listMutants(machine).find(one => one.name === name);
  if (!mutant) throw new TypeError(`Expected a mutant "${name}"`);
  return mutant.machine;
}

/** A store with one method in another's hands. */
function replaceCommit(store: Records, commit: (store: Records, batch: CommitBatch) => void): Records {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return (batch: CommitBatch) => commit(target, batch);
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function loseTimers(clock: Clock): Clock {
  let count = 0;
  return {
    now: () => clock.now(),
    clearTimer: timer => clock.clearTimer(timer),
    setTimer: (callback, delayMs) => clock.setTimer(++count % 2 === 0 ? callback : () => {}, delayMs),
  };
}

function commitLater(store: Records, batch: CommitBatch): void {
  setImmediate(() => {
    try {
      void store.commit(batch);
    } catch {
      // Whoever commits late may come too late.
    }
  });
}

const doubleOutputs = (batch: CommitBatch): CommitBatch => ({
  ...batch,
  attempts: batch.attempts.flatMap(row => (row.status === 'completed' ? [row, { ...row, run: row.run + 100 }] : [row])),
});

/** Steps that completed stay stored as running, so that a successor begins them again. */
const forgetCompleted = (batch: CommitBatch): CommitBatch => ({ ...batch, steps: batch.steps.filter(({ status }) => status !== 'completed') });

/** Runtimes with one promise broken each. */
export const brokenRuntimes: Readonly<Record<string, Open>> = {
  'begins handlers before their commit': options =>
    createRuntime({ ...options, store: replaceCommit(openRecords(options.store), commitLater) }),
  'loses every other timer': options => createRuntime({ ...options, clock: loseTimers(options.clock as Clock) }),
  'accepts a late answer': openWith('step', requireMutant(stepMachine, 'running: attempt.completed #1 forgets isCurrent')),
  'stores an output twice': options => createRuntime({ ...options, store: replaceCommit(openRecords(options.store), (store, batch) => store.commit(doubleOutputs(batch)) as undefined) }),
  'lets a cancel lose': openWith('flow', requireMutant(flowMachine, 'stepping: flow.cancel #3 removed')),
  'does not try again': openWith('step', requireMutant(stepMachine, 'running: attempt.failed #1 removed')),
};

/** Runtimes that break their promise only after a crash. */
export const forgetfulRuntimes: Readonly<Record<string, Open>> = {
  'does not go on with what was cut off': options => createRuntime({ ...options, recover: false }),
  'does not begin a cut-off run again': openWith('step', requireMutant(stepMachine, 'running: attempt.interrupted #1 removed')),
  'loses outputs': options => createRuntime({ ...options, store: replaceCommit(openRecords(options.store), (store, batch) => store.commit({ ...batch, attempts: [] }) as undefined) }),
  'runs completed steps again': options => createRuntime({ ...options, store: replaceCommit(openRecords(options.store), (store, batch) => store.commit(forgetCompleted(batch)) as undefined) }),
};
