import { pino } from 'pino';
import type { AnyStateMachine, EventObject, InspectionEvent } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import type { CorpusMachine, Driven, Observation, ScriptStep } from './driven.ts';
import { passTime } from './pass-time.ts';
import { toPlainSnapshot } from './plain-snapshot.ts';
import type { Acted } from './probe.ts';
import { Probe } from './probe.ts';
import { tellApart } from './tell-apart.ts';

/**
 * A machine as a durable actor; `restart` ends the process and starts another on what was stored.
 *
 * @param evicts it leaves memory after each event, and is read back for the next one
 */
export function driveDurably(entry: CorpusMachine, { inspect, evicts = false }: { readonly inspect?: (event: InspectionEvent) => void; readonly evicts?: boolean } = {}): Driven {
  const probe = new Probe();
  const clock = new SimulatedClock();
  const machine = entry.build(probe);
  let store: Records = createMemoryStore();
  let runtime: Runtime;
  let actor: Awaited<ReturnType<Runtime['spawn']>>;
  let emitted: EventObject[] = [];

  const logger = pino({ level: 'info' }, { write: (line: string) => void noteLog(JSON.parse(line)) });

  function noteLog({ values }: { readonly values?: unknown }): void {
    if (values !== undefined) probe.logged.push(values);
  }

  const listen = (): void => void actor.on('*', event => emitted.push(event));
  const open = async (): Promise<void> => {
    runtime = await createRuntime({ store, clock, machines: [machine, ...(entry.knows ?? [])], logger, retentionMs: null, ...(evicts && { maxLoadedActors: 0 }), ...(inspect && { inspect }) });
  };
  const observe = async (): Promise<Observation> => {
    await settleTicks();
    await settleTicks();
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
      await open();
      actor = await runtime.spawn(machine, { id: 'root', input: entry.input as never });
      listen();
      return observe();
    },
    async step(step: ScriptStep) {
      if ('send' in step) await actor.send(step.send);
      else if ('advance' in step) await passTime(clock, step.advance, () => settleTicks(8));
      else if ('stream' in step) probe.emit(step.stream, step);
      else probe.settle(step.settle, 'error' in step ? { error: step.error } : { output: step.output });
      return observe();
    },
    async restart() {
      await runtime.stop({ timeoutMs: 0 });
      probe.forget();
      store = (store as unknown as { reopen(): Records }).reopen();
      await open();
      actor = await runtime.actor<AnyStateMachine>('root');
      listen();
      await settleTicks();
    },
    async stop() {
      await runtime.stop({ timeoutMs: 0 });
    },
  };
}
