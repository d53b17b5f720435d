import { createMemoryStore, createRuntime, defineFlow, defineTool, type Runtime } from '../../src/index.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Inspector } from '../../src/inspector.ts';
import { openInspector } from '../../src/inspector.ts';

export const nasty = '<img src=x onerror="document.title=\'hacked\'"><script>document.title="hacked"</script>';

/** A flow with something of everything; it is small enough to be looked at. */
const order = defineFlow({
  id: 'order', version: '3', description: 'Charges, packs and ships an order.', concurrency: 4,
  input: { type: 'object', required: ['amount', 'items'], properties: { amount: { type: 'number', default: 40, description: 'In euro' }, express: { type: 'boolean' }, items: { type: 'array', default: ['book', 'lamp', 'chair'] } } },
  steps: [
    { id: 'charge', uses: 'tool:charge', retry: { maxAttempts: 3 }, with: { amount: '{% input.amount %}' } },
    { id: 'reserve', uses: 'tool:reserve' },
    { id: 'pack', uses: 'tool:pack', depends_on: ['charge', 'reserve'], for_each: '{% input.items %}', concurrency: 2 },
    { id: 'approve', uses: 'signal', depends_on: ['charge'], with: { name: 'approved' } },
    { id: 'label', uses: 'tool:label', depends_on: ['reserve'], critical: false, artifacts: [{ name: 'label.txt', from: 'output.text' }] },
    { id: 'ship', uses: 'tool:ship', depends_on: ['pack', 'label', 'approve'] },
    { id: 'notify', uses: 'tool:notify', depends_on: ['ship'], critical: false, run: 'always' },
  ],
});

export interface InspectedOrder {
  readonly runtime: Runtime;
  readonly inspector: Inspector;
  /** Tools that were called, in order. */
  readonly calls: readonly string[];
  close(): Promise<void>;
}

/** A runtime with that flow, and the inspector beside it. */
export async function openInspectedOrder(options: { readonly control?: boolean } = {}): Promise<InspectedOrder> {
  const calls: string[] = [];
  const tool = (name: string, run: (input: unknown) => unknown): ReturnType<typeof defineTool> => defineTool({ name, run: ({ input }) => (calls.push(name), run(input)) as never });
  // Time stands still: a picture of it is the same each time.
  const runtime = await createRuntime({
    clock: new SimulatedClock(Date.UTC(2026, 0, 5, 9)),
    store: createMemoryStore(), flows: [order],
    tools: [tool('charge', input => ({ receipt: nasty, input })), tool('reserve', () => ({ shelf: 7 })), tool('pack', input => ({ packed: input })), tool('label', () => ({ text: `label ${nasty}` })), tool('ship', () => ({ shipped: true })), tool('notify', () => null)],
  });
  const inspector = await openInspector(runtime, options);
  return { runtime, inspector, calls, close: async () => {
    await inspector.close();
    await runtime.stop();
  } };
}

/** One that has come to its end. */
export async function runOrder(runtime: Runtime): Promise<string> {
  const { executionId } = await runtime.start('order', { input: { amount: 40, items: ['book', 'lamp', nasty] } });
  await runtime.signal(executionId, 'approved', { by: nasty });
  await runtime.settled(executionId);
  return executionId;
}
