import { expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/api.ts';
import { openRuntime } from './open-runtime.ts';

it.each([{ status: 'scored' }, { status: ['done'] }, { limit: 0 }, { flowId: 5 }])('refuses a filter that no execution can meet: %o', async filter => {
  const { runtime } = await openRuntime({ id: 'a', steps: [{ id: 'a', uses: 'tool:a' }] }, { a: () => 1 });
  await expect(runtime.list(filter as unknown as Parameters<Runtime['list']>[0])).rejects.toMatchObject({ code: 'option_invalid' });
  await runtime.stop();
});
