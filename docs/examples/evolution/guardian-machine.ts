import { assign, setup } from 'xstate';

/** What an instance measured after a change. */
export interface Metrics {
  /** 0 to 1. */
  readonly successRate: number;
  /** 0 to 1. */
  readonly errorRate: number;
  readonly latencyP95Ms: number;
  readonly costCents: number;
}

export interface Breach {
  readonly severity: 'critical' | 'high' | 'medium';
  readonly metric: keyof Metrics;
  readonly limit: number;
  readonly value: number;
}

export interface GuardianContext {
  /** The latest report. */
  readonly metrics: Metrics | null;
  /** What the latest metrics broke, worst first. */
  readonly breaches: readonly Breach[];
}

export type GuardianEvent = ({ type: 'metrics.reported' } & Metrics) | { type: 'rollback.confirmed' };

const limits: readonly (Omit<Breach, 'value'> & { readonly isBroken: (value: number, limit: number) => boolean })[] = [
  { metric: 'successRate', severity: 'critical', limit: 0.9, isBroken: (value, limit) => value < limit },
  { metric: 'errorRate', severity: 'critical', limit: 0.1, isBroken: (value, limit) => value > limit },
  { metric: 'latencyP95Ms', severity: 'high', limit: 3_000, isBroken: (value, limit) => value > limit },
  { metric: 'costCents', severity: 'medium', limit: 10, isBroken: (value, limit) => value > limit },
];

/** What some metrics break, worst first. */
export function findBreaches(metrics: Metrics): Breach[] {
  return limits
    .filter(({ metric, limit, isBroken }) => isBroken(metrics[metric], limit))
    .map(({ metric, severity, limit }) => ({ severity, metric, limit, value: metrics[metric] }));
}

const breachesOf = (event: GuardianEvent): Breach[] => (event.type === 'metrics.reported' ? findBreaches(event) : []);

/**
 * Watches over one change that was applied.
 *
 * A critical breach asks for one rollback, however many bad metrics follow. Effect: `triggerRollback`.
 */
export const guardianMachine = setup({
  types: { context: {} as GuardianContext, events: {} as GuardianEvent },
  actions: {
    triggerRollback: () => {},
    noteMetrics: assign(({ event }) => {
      if (event.type !== 'metrics.reported') return {};
      const { type: _type, ...metrics } = event;
      return { metrics, breaches: findBreaches(metrics) };
    }),
  },
  guards: {
    isCritical: ({ event }) => breachesOf(event).some(({ severity }) => severity === 'critical'),
    isBreached: ({ event }) => breachesOf(event).length > 0,
  },
}).createMachine({
  id: 'guardian',
  context: { metrics: null, breaches: [] },
  initial: 'healthy',
  states: {
    healthy: {
      on: {
        'metrics.reported': [
          { guard: 'isCritical', target: 'rolling_back', actions: ['noteMetrics', 'triggerRollback'] },
          { guard: 'isBreached', target: 'degraded', actions: 'noteMetrics' },
          { actions: 'noteMetrics' },
        ],
      },
    },
    degraded: {
      on: {
        'metrics.reported': [
          { guard: 'isCritical', target: 'rolling_back', actions: ['noteMetrics', 'triggerRollback'] },
          { guard: 'isBreached', actions: 'noteMetrics' },
          { target: 'healthy', actions: 'noteMetrics' },
        ],
      },
    },
    rolling_back: { on: { 'rollback.confirmed': 'rolled_back' } },
    rolled_back: { type: 'final' },
  },
});
