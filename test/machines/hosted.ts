import type { AnyStateMachine, EventObject } from 'xstate';
import type { FanOutContext, FanOutEvent } from '../../machines/fan-out.ts';
import { fanOutMachine } from '../../machines/fan-out.ts';
import type { FlowContext, FlowEvent } from '../../machines/flow.ts';
import { flowMachine } from '../../machines/flow.ts';
import type { InteractionEvent } from '../../machines/interaction.ts';
import { interactionMachine } from '../../machines/interaction.ts';
import type { OrchestratorContext, OrchestratorEvent } from '../../machines/orchestrator.ts';
import { orchestratorMachine } from '../../machines/orchestrator.ts';
import type { ClientConnectionContext, ClientConnectionEvent } from '../../machines/client-connection.ts';
import { clientConnectionMachine } from '../../machines/client-connection.ts';
import type { ConsumerContext, ConsumerEvent } from '../../machines/consumer.ts';
import { consumerMachine } from '../../machines/consumer.ts';
import type { MessageContext, MessageEvent } from '../../machines/message.ts';
import { messageMachine } from '../../machines/message.ts';
import type { RuntimeProcessContext, RuntimeProcessEvent } from '../../machines/runtime-process.ts';
import { runtimeProcessMachine } from '../../machines/runtime-process.ts';
import type { StepContext, StepEvent } from '../../machines/step.ts';
import { stepMachine } from '../../machines/step.ts';
import { createFailure } from '../../src/core/failure.ts';
import type { StepRole } from '../../src/definition/step-kind.ts';

/** A machine, the inputs it is tried with, and what may reach it in a state. */
export interface Hosted {
  readonly machine: AnyStateMachine;
  readonly inputs: readonly object[];
  readonly events: (snapshot: { readonly value: unknown; readonly context: unknown }) => readonly EventObject[];
}

const failure = createFailure('broken', 'It broke');
const retryable = { ...failure, retryable: true };

function stepEvents(context: StepContext): StepEvent[] {
  const { run, kind } = context;
  const stale = run - 1;
  return [
    ...(kind === 'task' ? [] : [{ type: 'step.start', dueAt: 50 } as const]),
    { type: 'step.start' },
    { type: 'step.skip', failure },
    { type: 'step.fail', failure },
    { type: 'step.cancel', failure },
    ...(run < 3 ? [{ type: 'step.release' } as const] : []),
    { type: 'attempt.completed', run },
    { type: 'attempt.completed', run: stale },
    { type: 'attempt.failed', run, failure: retryable, retryAt: 100 },
    { type: 'attempt.failed', run, failure, retryAt: 100, ...(context.ask && { askUntil: 200 }) },
    { type: 'attempt.failed', run: stale, failure: retryable, retryAt: 100 },
    { type: 'attempt.interrupted', run, failure },
    { type: 'attempt.interrupted', run: stale, failure },
    { type: 'timer.fired' },
    { type: 'timer.fired', failure },
    { type: 'signal.received' },
    { type: 'child.settled' },
    { type: 'child.settled', failure },
    ...(context.alternative || context.ask ? recoveryEvents(context) : kind === 'task' ? [] : [{ type: 'recovery.fail' } as const]),
  ];
}

const keptNone = { settled: 0, completed: 0, failed: 0, skipped: 0 };

const alternativeFailed = createFailure('alternative_broken', 'It broke, too');

function recoveryEvents({ run, recovery }: StepContext): StepEvent[] {
  return [
    { type: 'alternative.settled' },
    { type: 'alternative.settled', failure: alternativeFailed, askUntil: 300 },
    { type: 'alternative.settled', failure: alternativeFailed },
    // A person may say so for ever.
    ...(recovery === 'ask' && run < 3 ? [{ type: 'recovery.retry' } as const] : recovery === 'ask' ? [] : [{ type: 'recovery.retry' } as const]),
    { type: 'recovery.skip', failure: alternativeFailed },
    { type: 'recovery.complete' },
    { type: 'recovery.fail' },
  ];
}

function flowEvents(context: FlowContext): FlowEvent[] {
  const { granted, released, ready, settled, total } = context;
  const busy = granted - released;
  const room = total - settled - busy - ready;
  const change = [0, 1].flatMap(more => [0, 1].map(freed => ({ ready: more, freed }))).filter(({ ready: more, freed }) => more <= room && freed <= busy);
  const statuses = ['completed', 'failed', 'skipped', 'cancelled'] as const;
  return [
    ...[1, 2].map(count => ({ type: 'flow.start' as const, ready: count })),
    ...[1, total].map(count => ({ type: 'flow.start' as const, ready: total > count ? 1 : 0, kept: { ...keptNone, settled: count, failed: 1, completed: count - 1 } })),
    { type: 'flow.cancel', failure },
    ...(context.always === undefined ? [] : [{ type: 'flow.cancel', failure: alternativeFailed } as const, { type: 'flow.cancel', failure, cleanUp: 'skip' } as const, { type: 'flow.cancel', failure, cleanUp: 'keep' } as const]),
    { type: 'flow.expire', failure },
    ...change.flatMap(by => statuses.flatMap(status => (status === 'completed' || status === 'failed' ? [true, false] : [true]).map(critical => ({ type: 'step.settled' as const, status, critical, ...by })))),
    ...change.map(by => ({ type: 'slot.freed' as const, ...by })),
    { type: 'consolidation.completed', score: 0.5, passed: true },
    { type: 'consolidation.completed', score: 0, passed: false },
    { type: 'consolidation.failed', failure },
  ];
}

function fanOutEvents({ total, settled }: FanOutContext): FanOutEvent[] {
  return [
    { type: 'step.start', total: 0 },
    { type: 'step.start', total: 3 },
    { type: 'step.start', total: 3, kept: 2 },
    { type: 'step.skip', failure },
    { type: 'step.fail', failure },
    { type: 'step.cancel', failure },
    ...(settled < total ? [{ type: 'item.settled' as const }, { type: 'item.settled' as const, failure }] : []),
  ];
}

function orchestratorEvents({ active }: OrchestratorContext): OrchestratorEvent[] {
  return [
    { type: 'flow.requested' },
    ...(active < 4 ? [{ type: 'flow.woken' } as const] : []),
    ...(active > 0 ? [{ type: 'flow.released' } as const] : []),
    { type: 'backlog.noted' },
    { type: 'backlog.drained' },
    { type: 'orchestrator.drain' },
  ];
}

function messageEvents({ claim }: MessageContext): MessageEvent[] {
  const stale = claim - 1;
  return [
    ...(claim < 4 ? [{ type: 'message.claim', leaseUntil: 50 + claim } as const] : []),
    { type: 'message.ack', claim },
    { type: 'message.ack', claim: stale },
    { type: 'message.fail', claim, failure: retryable, retryAt: 100 },
    { type: 'message.fail', claim, failure, retryAt: 100 },
    { type: 'message.fail', claim: stale, failure: retryable, retryAt: 100 },
    { type: 'message.snooze', claim, dueAt: 200 },
    { type: 'message.snooze', claim: stale, dueAt: 200 },
    { type: 'message.bury', claim, failure },
    { type: 'message.bury', claim: stale, failure },
    { type: 'message.refuse', failure },
    { type: 'message.redrive' },
    { type: 'lease.extend', claim, leaseUntil: 99 },
    { type: 'lease.extend', claim: stale, leaseUntil: 88 },
    { type: 'lease.expired', claim, failure: retryable, retryAt: 100 },
    { type: 'lease.expired', claim: stale, failure: retryable, retryAt: 100 },
    { type: 'claim.lost', claim, failure },
    { type: 'claim.lost', claim: stale, failure },
    { type: 'claim.released', claim },
    { type: 'claim.released', claim: stale },
  ];
}

function consumerEvents({ life, failures }: ConsumerContext): ConsumerEvent[] {
  return [
    { type: 'consumer.start' },
    ...(failures < 3 ? [{ type: 'consumer.failed', retryAt: 100 } as const] : []),
    { type: 'consumer.stop' },
    { type: 'message.handled' },
    ...(failures < 3 ? [{ type: 'handler.lost', retryAt: 100 } as const] : []),
    ...(life < 4 ? [{ type: 'timer.fired' } as const] : []),
  ];
}

function connectionEvents({ failures, connections }: ClientConnectionContext): ClientConnectionEvent[] {
  return [
    ...(connections < 3 ? [{ type: 'connection.seek' } as const] : []),
    { type: 'carrier.opened' },
    { type: 'owner.welcomed' },
    ...(failures < 3 ? [
      { type: 'connection.lost', code: 'owner_silent', retryAfterMs: null, random: 0.5 } as const,
      { type: 'connection.lost', code: 'owner_stopping', retryAfterMs: 700, random: 0 } as const,
    ] : []),
    { type: 'connection.refused', code: 'token_refused' },
    ...(connections < 3 ? [{ type: 'timer.fired' } as const] : []),
    { type: 'connection.rest' },
    { type: 'connection.close' },
  ];
}

function runtimeProcessEvents({ starts, failures }: RuntimeProcessContext): RuntimeProcessEvent[] {
  return [
    ...(starts < 4 ? [{ type: 'process.start' } as const, { type: 'timer.fired' } as const] : []),
    { type: 'process.ready' },
    ...(failures < 3 ? [{ type: 'process.exited', isTold: false } as const, { type: 'process.exited', isTold: true } as const] : []),
    { type: 'process.stop' },
  ];
}

const interactionEvents: readonly InteractionEvent[] = [
  { type: 'interaction.completed' },
  { type: 'interaction.failed', failure },
  { type: 'interaction.interrupted', failure: retryable },
  { type: 'interaction.cancel', failure },
];

const kinds: readonly StepRole[] = ['task', 'sleep', 'signal', 'flow'];

export const hosted: Readonly<Record<'orchestrator' | 'flow' | 'step' | 'fanOut' | 'message' | 'consumer' | 'interaction' | 'clientConnection' | 'runtimeProcess', Hosted>> = {
  orchestrator: { machine: orchestratorMachine, inputs: [{ maxActiveFlows: 1 }, { maxActiveFlows: 2 }], events: ({ context }) => orchestratorEvents(context as OrchestratorContext) },
  flow: {
    machine: flowMachine,
    inputs: [...(['strict', 'conditional', 'lenient'] as const).map(mode => ({ total: 3, concurrency: 2, mode })), { total: 2, concurrency: 1, mode: 'conditional', always: 1 }],
    events: ({ context }) => flowEvents(context as FlowContext),
  },
  step: {
    machine: stepMachine,
    inputs: [
      ...kinds.map(kind => ({ kind, maxAttempts: 2, maxInterruptions: 2, alternative: false, ask: false })),
      ...[[true, false], [false, true], [true, true]].map(([alternative, ask]) => ({ kind: 'task', maxAttempts: 1, maxInterruptions: 1, alternative, ask })),
    ],
     events: ({ context }) => stepEvents(context as StepContext),
  },
  message: {
    machine: messageMachine,
    inputs: [{ maxAttempts: 2, maxInterruptions: 2, dueAt: null }, { maxAttempts: 1, maxInterruptions: 2, dueAt: 10 }],
    events: ({ context }) => messageEvents(context as MessageContext),
  },
  consumer: { machine: consumerMachine, inputs: [{ maxLost: 1 }, { maxLost: 2 }], events: ({ context }) => consumerEvents(context as ConsumerContext) },
  fanOut: { machine: fanOutMachine, inputs: [{ failFast: true }, { failFast: false }, { failFast: false, tolerant: true }], events: ({ context }) => fanOutEvents(context as FanOutContext) },
  clientConnection: { machine: clientConnectionMachine, inputs: [{ leastWaitMs: 250, mostWaitMs: 1_000, growth: 2 }], events: ({ context }) => connectionEvents(context as ClientConnectionContext) },
  runtimeProcess: {
    machine: runtimeProcessMachine,
    inputs: [{ leastWaitMs: 500, mostWaitMs: 1_500, steadyMs: 10_000, reportAfter: 2 }],
    events: ({ context }) => runtimeProcessEvents(context as RuntimeProcessContext),
  },
  interaction: { machine: interactionMachine, inputs: [{}], events: () => interactionEvents },
};

export type MachineName = keyof typeof hosted;
export const machineNames = Object.keys(hosted) as MachineName[];
