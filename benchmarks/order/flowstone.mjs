import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { charge, reserve, ship, toFile } from './steps.mjs';

const tools = [
  defineTool({ name: 'reserve', run: reserve }),
  defineTool({ name: 'charge', run: charge }),
  defineTool({ name: 'ship', run: ({ input }) => ship(input.shelf) }),
];
const order = defineFlow({
  id: 'order',
  steps: [
    { id: 'reserve', uses: 'tool:reserve' },
    { id: 'charge', uses: 'tool:charge', depends_on: ['reserve'] },
    { id: 'ship', uses: 'tool:ship', depends_on: ['reserve', 'charge'], with: { shelf: '{% steps.reserve.output %}' } },
  ],
});
const runtime = await createRuntime({ store: openSqliteStore({ file: toFile('order.db') }), tools, flows: [order] });
const { steps } = await (await runtime.start('order', { idempotencyKey: 'order-1' })).settled();
console.log(steps.at(-1).output);
await runtime.stop();
