import { assign, createActor, fromPromise, sendParent, setup } from 'xstate';
import type { AnyActorRef } from 'xstate';
import { driveFlows } from '../../harness/drive-flows.ts';
import type { Run } from '../../harness/trial.ts';
import type { FlowsParameters } from '../../trials/flows.ts';

type Output = { ok: boolean; v: string };

const handler = fromPromise(async (): Promise<Output> => ({ ok: true, v: 'x'.repeat(100) }));

/** One step: an actor that invokes its handler and tells its flow. */
const step = setup({
  types: { context: {} as { position: number }, input: {} as { position: number } },
  actors: { handler },
}).createMachine({
  context: ({ input }) => input,
  initial: 'running',
  states: {
    running: {
      invoke: {
        src: 'handler',
        onDone: { target: 'completed', actions: sendParent(({ context, event }) => ({ type: 'step.settled', position: context.position, output: event.output })) },
      },
    },
    completed: { type: 'final' },
  },
});

/** One flow: spawns an actor for every step whose dependencies are met. */
function toFlow(dependsOn: FlowsParameters['dependsOn']) {
  const dependents = dependsOn.map((_, position) => dependsOn.flatMap((before, later) => (before.includes(position) ? [later] : [])));
  const roots = dependsOn.flatMap((before, position) => (before.length === 0 ? [position] : []));
  type Context = { number: number; unmet: number[]; settled: number; outputs: Output[] };
  return setup({
    types: { context: {} as Context, input: {} as { number: number }, events: {} as { type: 'step.settled'; position: number; output: Output } },
    actors: { step },
    guards: { isLast: ({ context }) => context.settled + 1 === dependsOn.length },
  }).createMachine({
    context: ({ input, spawn }) => {
      for (const position of roots) spawn('step', { id: `step:${position}`, input: { position } });
      return { ...input, unmet: dependsOn.map(before => before.length), settled: 0, outputs: [] };
    },
    initial: 'stepping',
    states: {
      stepping: {
        on: {
          'step.settled': [
            { guard: 'isLast', target: 'scored' },
            {
              actions: assign(({ context, event, spawn }) => {
                const unmet = [...context.unmet];
                for (const later of dependents[event.position] ?? []) {
                  unmet[later] = (unmet[later] ?? 0) - 1;
                  if (unmet[later] === 0) spawn('step', { id: `step:${later}`, input: { position: later } });
                }
                return { unmet, settled: context.settled + 1, outputs: [...context.outputs, event.output] };
              }),
            },
          ],
        },
      },
      scored: { type: 'final', entry: sendParent(({ context }) => ({ type: 'flow.settled', number: context.number })) },
    },
  });
}

/**
 * The actors Flowstone has (orchestrator, flow, step), live in one XState actor system, promise child per step, no persistence
 * at all. `xstate` beside it is the leanest way to write the same: no orchestrator, no step actors.
 */
const run: Run<FlowsParameters> = async ({ dependsOn, atOnce, flows, warmUp }) => {
  const settled = new Map<number, () => void>();
  const flow = toFlow(dependsOn);
  type Event = { type: 'flow.requested'; number: number } | { type: 'flow.settled'; number: number };
  const orchestrator = createActor(
    setup({
      types: { context: {} as { flows: Record<string, AnyActorRef> }, events: {} as Event },
      actors: { flow },
    }).createMachine({
      context: { flows: {} },
      on: {
        'flow.requested': {
          actions: assign({
            flows: ({ context, event, spawn }) => ({ ...context.flows, [event.number]: spawn('flow', { id: `flow:${event.number}`, input: { number: event.number } }) }),
          }),
        },
        'flow.settled': {
          actions: [
            assign({
              flows: ({ context, event }) => {
                const { [event.number]: _, ...others } = context.flows;
                return others;
              },
            }),
            ({ event }) => settled.get(event.number)?.(),
          ],
        },
      },
    }),
  ).start();
  let next = 0;
  const runFlow = async (): Promise<void> => {
    const number = next++;
    await new Promise<void>(resolve => {
      settled.set(number, resolve);
      orchestrator.send({ type: 'flow.requested', number });
    });
    settled.delete(number);
  };
  await driveFlows({ flows: warmUp, atOnce, stepsPerFlow: dependsOn.length, runFlow });
  return driveFlows({ flows, atOnce, stepsPerFlow: dependsOn.length, runFlow });
};

export default run;
