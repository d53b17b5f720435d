import { defineFlow } from 'flowstone';

/** Pays an order back, if there is something to pay back, and says so. */
export const refund = defineFlow({
  id: 'refund',
  version: '1',
  input: { type: 'object', required: ['customer', 'amount'], properties: { customer: { type: 'string' }, amount: { type: 'number' } } },
  steps: [
    { id: 'pay-back', uses: 'tool:pay-back', when: 'input.amount > 0', with: { customer: '{% input.customer %}', amount: '{% input.amount %}' } },
    {
      id: 'letter',
      uses: 'tool:write-letter',
      depends_on: ['pay-back'],
      with: { customer: '{% input.customer %}', text: "{% 'We have paid you back: ' & $string(input.amount) %}" },
    },
  ],
});
