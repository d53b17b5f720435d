import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { globSync } from 'tinyglobby';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { createActor } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { passTime, toActorClock } from '../machine-host/pass-time.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { toStateId } from './to-machine.ts';

const require = createRequire(import.meta.url);
const folder = join(dirname(require.resolve('@scion-scxml/test-framework/package.json')), 'test');

/** What a document is to do: the states it is in, and after which event which others. */
export interface ScxmlCase {
  readonly name: string;
  readonly document: string;
  readonly script: { readonly initialConfiguration: readonly string[]; readonly events: readonly { readonly after?: number; readonly event: { readonly name: string; readonly data?: unknown }; readonly nextConfiguration: readonly string[] }[] };
}

export const listCases = (): ScxmlCase[] =>
  globSync('**/*.scxml', { cwd: folder, absolute: true }).toSorted().flatMap(file => {
    try {
      return { name: relative(folder, file).replace(/(\.txml)?\.scxml$/, ''), document: readFileSync(file, 'utf8'), script: JSON.parse(readFileSync(file.replace(/\.scxml$/, '.json'), 'utf8')) as ScxmlCase['script'] };
    } catch (error) {
      // Documents that others include have no script.
      if ((error as { code?: unknown }).code === 'ENOENT') return [];
      throw error;
    }
  });

/** A machine that somebody drives on a clock of its own. */
interface Driven {
  begin(): Promise<void>;
  send(event: { readonly type: string }): Promise<void>;
  /** Time goes on. */
  pass(ms: number): Promise<void>;
  snapshot(): AnyMachineSnapshot;
  stop(): Promise<void>;
}

export function driveLive(machine: AnyStateMachine): Driven {
  const clock = new SimulatedClock();
  const actor = createActor(machine, { clock: toActorClock(clock), logger: () => {} });
  actor.subscribe({ error: () => {} });
  return {
    begin: async () => void actor.start(),
    send: async event => actor.send(event),
    pass: ms => passTime(clock, ms, () => Promise.resolve()),
    snapshot: () => actor.getSnapshot(),
    stop: async () => void actor.stop(),
  };
}

/** As a durable actor, whose process ends and is followed by another before each thing that happens. */
export function driveRestarted(machine: AnyStateMachine): Driven {
  const clock = new SimulatedClock();
  let store: Records = createMemoryStore();
  let runtime: Runtime;
  let actor: Awaited<ReturnType<Runtime['spawn']>>;
  const open = async (): Promise<void> => void (runtime = await createRuntime({ store, clock, machines: [machine], retentionMs: null }));
  const restart = async (): Promise<void> => {
    await runtime.stop({ timeoutMs: 0 });
    store = (store as unknown as { reopen(): Records }).reopen();
    await open();
    actor = await runtime.actor('root');
    await settleTicks(2);
  };
  return {
    async begin() {
      await open();
      actor = await runtime.spawn(machine, { id: 'root' });
    },
    async send(event) {
      await restart();
      await actor.send(event);
    },
    async pass(ms) {
      await restart();
      await passTime(clock, ms, () => settleTicks(3));
    },
    snapshot: () => actor.getSnapshot(),
    stop: () => runtime.stop({ timeoutMs: 0 }),
  };
}

/** The ids of the innermost states that a machine is in. */
function listStates({ machine, value }: AnyMachineSnapshot): string[] {
  type Node = { readonly id: string; readonly states: Readonly<Record<string, Node>> };
  const visit = (node: Node | undefined, within: unknown): string[] => {
    if (!node) return [];
    const below = typeof within === 'string' ? [[within, undefined] as const] : Object.entries((within ?? {}) as object);
    return below.length === 0 ? [node.id] : below.flatMap(([key, more]) => visit(node.states[key], more));
  };
  return visit(machine.root as unknown as Node, value).toSorted();
}

/** Those of the W3C go by themselves: all that counts is where they end. */
const ownEnds = new Set(['pass', 'final']);

/** Steps of time that are given to a document that goes on by itself. */
const patience = 12;

/** Runs a document to its end; what it does otherwise than it should, undefined: nothing. */
export async function findFault(driven: Driven, { name: of, script: { initialConfiguration, events } }: ScxmlCase): Promise<string | undefined> {
  const compare = (when: string, expected: readonly string[]): string | undefined => {
    const { status, error } = driven.snapshot();
    const [is, should] = [listStates(driven.snapshot()).join(), expected.map(toStateId).toSorted().join()];
    return is === should ? undefined : `${when}: in ${is}, not in ${should}${status === 'error' ? ` (${(error as Error).message})` : ''}`;
  };
  try {
    await driven.begin();
    if (of.startsWith('w3c-')) {
      for (let step = 0; step < patience && driven.snapshot().status === 'active'; step++) await driven.pass(1_000);
      const states = listStates(driven.snapshot());
      return states.every(state => ownEnds.has(state)) ? undefined : compare('at last', ['pass']);
    }
    let fault = compare('at first', initialConfiguration);
    for (const [index, { after, event: { name, data }, nextConfiguration }] of events.entries()) {
      if (fault !== undefined) break;
      if (after !== undefined) await driven.pass(after);
      await driven.send({ type: name, ...(data !== undefined && { data }) } as never);
      fault = compare(`after ${name} (${index})`, nextConfiguration);
    }
    return fault;
  } finally {
    await driven.stop();
  }
}
