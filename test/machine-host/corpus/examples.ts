import type { PromiseActorLogic } from 'xstate';
import { approval } from '../../../docs/examples/approval-machine.tools.ts';
import type { Receipt } from '../../../docs/examples/checkout/checkout-machine.ts';
import { checkoutMachine } from '../../../docs/examples/checkout/checkout-machine.ts';
import { guardianMachine } from '../../../docs/examples/evolution/guardian-machine.ts';
import type { CorpusMachine } from '../driven.ts';

const metrics = { successRate: 0.99, errorRate: 0, latencyP95Ms: 100, costCents: 1 };

/** The machines of the documentation. */
export const examples: readonly CorpusMachine[] = [
  {
    name: 'the approval of the examples', build: () => approval as never, input: { what: 'a desk' },
    steps: [...['Ada', 'Ada', 'Bob'].map(by => ({ send: { type: 'approve', by } })), { send: { type: 'refuse', by: undefined } as never }, { advance: 604_800_000 }],
  },
  {
    name: 'the checkout of the examples', build: probe => checkoutMachine.provide({ actors: { pay: probe.service('pay') as unknown as PromiseActorLogic<Receipt, { amountCents: number }> } }) as never, input: { amountCents: 990 },
    steps: [{ send: { type: 'confirm' } }, { settle: 'pay', error: 'no money' }, { settle: 'pay', output: { receipt: 'r-1', amountCents: 990 } }, { advance: 500 }, { advance: 3_000 }],
  },
  {
    name: 'the guardian of the examples', build: () => guardianMachine as never,
    steps: [{ send: { type: 'metrics.reported', ...metrics } as never }, { send: { type: 'metrics.reported', ...metrics, successRate: 0.1 } as never }, { send: { type: 'metrics.reported', ...metrics, errorRate: Number.NaN } as never }, { send: { type: 'rollback.confirmed' } }],
  },
];
