import { setImmediate } from 'node:timers/promises';
import type { AnyActor, EventObject, InspectionEvent } from 'xstate';
import { createActor } from 'xstate';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { CorpusMachine, Driven, Observation, ScriptStep } from './driven.ts';
import { passTime, toActorClock } from './pass-time.ts';
import { toPlainSnapshot } from './plain-snapshot.ts';
import type { Acted } from './probe.ts';
import { Probe } from './probe.ts';
import { tellApart } from './tell-apart.ts';

/**
 * XState's own actors, on simulated time.
 *
 * `restart` does nothing: this is how a machine goes that is never interrupted. With `persists` it is what people do by
 * hand: `getPersistedSnapshot()`, through JSON, into a new actor.
 */
export function driveLive(entry: CorpusMachine, { persists = false, inspect }: { readonly persists?: boolean; readonly inspect?: (event: InspectionEvent) => void } = {}): Driven {
  const probe = new Probe();
  const clock = new SimulatedClock();
  const machine = entry.build(probe);
  let emitted: EventObject[] = [];
  let actor: AnyActor = create();

  function create(snapshot?: unknown): AnyActor {
    const made = createActor(machine, {
      id: 'root',
      inspect,
      clock: toActorClock(clock),
      logger: (...args: unknown[]) => probe.logged.push(args),
      ...(snapshot === undefined ? { input: entry.input } : { snapshot: snapshot as never }),
    } as never) as AnyActor;
    made.on('*', (event: EventObject) => emitted.push(event));
    // An actor in error throws what nobody listens to.
    made.subscribe({ error: () => {} });
    return made;
  }

  const observe = async (): Promise<Observation> => {
    await setImmediate();
    const observation = {
      snapshot: toPlainSnapshot(actor.getSnapshot()),
      emitted: tellApart(emitted) as EventObject[],
      acted: tellApart(probe.acted.splice(0)) as Acted[],
      logged: probe.logged.splice(0),
      running: [...probe.running].toSorted(),
    };
    emitted = [];
    return observation;
  };

  return {
    async begin() {
      actor.start();
      return observe();
    },
    async step(step: ScriptStep) {
      if ('send' in step) actor.send(step.send);
      else if ('advance' in step) await passTime(clock, step.advance, () => setImmediate());
      else if ('stream' in step) probe.emit(step.stream, step);
      else probe.settle(step.settle, 'error' in step ? { error: step.error } : { output: step.output });
      return observe();
    },
    async restart() {
      if (!persists) return;
      const stored: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
      actor.stop();
      probe.forget();
      actor = create(stored).start();
      await setImmediate();
    },
    async stop() {
      actor.stop();
    },
  };
}
