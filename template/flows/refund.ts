import { defineFlow } from 'flowstone';
import { tools } from '../tools.ts';

/** Pays an order back, if there is something to pay back, and says so. Raise `version` when a function changes. */
export const refund = defineFlow(
  {
    id: 'refund',
    version: '1',
    input: { type: 'object', required: ['customer', 'amount'], properties: { customer: { type: 'string' }, amount: { type: 'number' } } },
    steps: [
      { id: 'pay-back', uses: 'tool:pay-back', when: ({ input }) => input.amount > 0, with: ({ input }) => ({ customer: input.customer, amount: input.amount }) },
      {
        id: 'letter',
        uses: 'tool:write-letter',
        depends_on: ['pay-back'],
        with: ({ input, steps }) => ({
          customer: input.customer,
          text: steps['pay-back'].status === 'completed' ? `We have paid you back: ${steps['pay-back'].output.paidBack}` : 'There was nothing to pay back',
        }),
      },
    ],
  },
  { tools },
);
