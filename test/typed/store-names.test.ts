import { expect, expectTypeOf, it } from 'vitest';
import type { AnyStore, RecordReader, Records, Store, StoreReader } from '../../src/index.ts';
import { createMemoryStore, createRuntime } from '../../src/index.ts';

it('keeps the names that 0.3.0 has for what a runtime takes', async () => {
  expectTypeOf<Store>().toEqualTypeOf<Records>();
  expectTypeOf<StoreReader>().toEqualTypeOf<RecordReader>();
  expectTypeOf<Store>().toExtend<AnyStore>();
  const store: Store = createMemoryStore();
  const runtime = await createRuntime({ store });
  expect(await store.listExecutions({})).toEqual([]);
  await runtime.stop();
});
