import { assign, createActor, fromPromise, setup, toPromise } from 'xstate';
import { driveFlows } from '../../harness/drive-flows.ts';
import type { Run } from '../../harness/trial.ts';
import type { FlowsParameters } from '../../trials/flows.ts';

type Output = { ok: boolean; v: string };

const step = fromPromise(async (): Promise<Output> => ({ ok: true, v: 'x'.repeat(100) }));

/** A machine that invokes one promise child after the other: what people write with XState, and what is lost with the process. */
const chain = setup({
  types: { context: {} as { done: number; total: number; outputs: Output[] }, input: {} as { total: number } },
  actors: { step },
  guards: { isLast: ({ context }) => context.done + 1 === context.total },
}).createMachine({
  context: ({ input }) => ({ done: 0, total: input.total, outputs: [] }),
  initial: 'stepping',
  states: {
    stepping: {
      invoke: {
        src: 'step',
        onDone: [
          { guard: 'isLast', target: 'done' },
          {
            target: 'stepping',
            reenter: true,
            actions: assign(({ context, event }) => ({ done: context.done + 1, outputs: [...context.outputs, event.output] })),
          },
        ],
      },
    },
    done: { type: 'final' },
  },
});

/** A machine that spawns a promise child for every step whose dependencies are met. */
function toGraph(dependsOn: FlowsParameters['dependsOn']) {
  const dependents = dependsOn.map((_, position) => dependsOn.flatMap((before, later) => (before.includes(position) ? [later] : [])));
  const roots = dependsOn.flatMap((before, position) => (before.length === 0 ? [position] : []));
  type Context = { unmet: number[]; settled: number; outputs: Output[] };
  return setup({
    types: { context: {} as Context, events: {} as { type: `xstate.done.actor.${string}`; output: Output; actorId: string } },
    actors: { step },
    guards: { isLast: ({ context }) => context.settled + 1 === dependsOn.length },
  }).createMachine({
    context: ({ spawn }) => {
      for (const position of roots) spawn('step', { id: String(position) });
      return { unmet: dependsOn.map(before => before.length), settled: 0, outputs: [] };
    },
    initial: 'stepping',
    states: {
      stepping: {
        on: {
          'xstate.done.actor.*': [
            { guard: 'isLast', target: 'done' },
            {
              actions: assign(({ context, event, spawn }) => {
                const unmet = [...context.unmet];
                for (const later of dependents[Number(event.actorId)] ?? []) {
                  unmet[later] = (unmet[later] ?? 0) - 1;
                  if (unmet[later] === 0) spawn('step', { id: String(later) });
                }
                return { unmet, settled: context.settled + 1, outputs: [...context.outputs, event.output] };
              }),
            },
          ],
        },
      },
      done: { type: 'final' },
    },
  });
}

const isChain = (dependsOn: FlowsParameters['dependsOn']): boolean =>
  dependsOn.every((before, position) => (position === 0 ? before.length === 0 : before.length === 1 && before[0] === position - 1));

/** Live XState actors, promise child per step, no persistence at all. `durability` means nothing here. */
const run: Run<FlowsParameters> = async ({ dependsOn, atOnce, flows, warmUp }) => {
  const graph = isChain(dependsOn) ? undefined : toGraph(dependsOn);
  const runFlow = (): Promise<unknown> => {
    const actor = graph ? createActor(graph) : createActor(chain, { input: { total: dependsOn.length } });
    actor.start();
    return toPromise(actor);
  };
  await driveFlows({ flows: warmUp, atOnce, stepsPerFlow: dependsOn.length, runFlow });
  return driveFlows({ flows, atOnce, stepsPerFlow: dependsOn.length, runFlow });
};

export default run;
