import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { PlanRegistry } from '../../src/kinds/flows/plan-registry.ts';

const definition = (flowType: string) => ({
  id: 'small', version: '1', flow_type: flowType, mode: 'conditional', concurrency: 10, min_score: 0,
  steps: [{ id: 'a', uses: 'exec', with: { command: 'echo' }, depends_on: [], critical: true, weight: 1 }],
});

it.each(['anything', 'static'])('reads a stored definition whose flow type was a free label: %s', async label => {
  const store = createMemoryStore();
  await store.acquire({ pid: 1, hostname: 'here', startedAt: 0, socket: null });
  const text = JSON.stringify(definition(label));
  const record = { digest: createHash('sha256').update(text).digest('hex'), flowId: 'small', version: '1', definition: text, createdAt: 1 };
  await store.commit({ definitions: [record], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] } });
  const plan = await new PlanRegistry().load(store, record.digest);
  expect(plan).toMatchObject({ digest: record.digest, flowType: label === 'static' ? 'static' : 'dynamic' });
});
