// Loaded before each file of a suite: every runtime over a store in memory has one that answers later, in any order.
import { beforeEach, vi } from 'vitest';
import { TableReader } from '../../../persistence/records/table-reader.ts';
import { TableRecords } from '../../../persistence/records/table-records.ts';
import { createSeededRandom } from '../../../src/core/ids.ts';
import type { MemoryRecords } from '../../../src/open-records.ts';
import type { RuntimeOptions } from '../../../src/runtime/api.ts';
import type * as createRuntimeModule from '../../../src/runtime/create-runtime.ts';
import { delayStore } from '../delayed-store.ts';
import { skips } from './skips.ts';

const random = createSeededRandom(Number(process.env['DELAY_SEED'] ?? 1));

const methods = [TableReader, TableRecords].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype)).filter(name => name !== 'constructor');

/** Of a store that a test watches, or has fail, the test has a say in what it does: it is left as it is. */
const isWatched = (store: object): boolean => methods.some(name => Reflect.get(store, name) !== Reflect.get(TableRecords.prototype, name));

function delay(options: RuntimeOptions): RuntimeOptions {
  const store = options?.store as Partial<MemoryRecords> | undefined;
  if (!store?.tables || isWatched(store)) return options;
  return { ...options, store: delayStore(store.tables, random) };
}

vi.mock('../../../src/runtime/create-runtime.ts', async importOriginal => {
  const { createRuntime, ...rest } = await importOriginal<typeof createRuntimeModule>();
  return { ...rest, createRuntime: (options: RuntimeOptions) => createRuntime(delay(options)) };
});

beforeEach(({ task, skip }) => {
  const found = skips.find(({ file, tests }) => task.file.name.endsWith(file) && (tests?.includes(task.name) ?? true));
  if (found) skip(found.reason);
});
