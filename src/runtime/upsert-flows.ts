import { syncFlows } from '../catalog/sync-flows.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { parseFlow } from '../definition/parse.ts';
import type { Engine } from '../engine/engine.ts';
import type { FlowRuntime } from '../kinds/flows/flow-runtime.ts';
import type { UpsertedFlow } from './client-api.ts';

export interface UpsertingRuntime {
  readonly core: FlowRuntime;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly toolNames: readonly string[];
}

/** What a definition is said to be from when nobody says it. */
const unnamedFile = '(upsert)';

/**
 * Takes definitions over: all are checked first, then stored in one commit, then they are what is started.
 *
 * @throws a `FlowError` with code `definition_invalid` with everything that is wrong with the first that cannot be taken
 */
export async function upsertFlows({ core, engine, clock, toolNames }: UpsertingRuntime, flows: readonly { readonly text: string; readonly file?: string | undefined }[]): Promise<UpsertedFlow[]> {
  engine.requireRunning();
  const { store } = engine;
  if (!store.catalog) throw new FlowError('store_unsupported', `Expected a store that keeps definitions of flows, ${store.location} does not. Use the memory or the SQLite store`);
  const read = flows.map(({ text, file }) => ({ file: file ?? unnamedFile, definition: parseFlow(text, { tools: toolNames, ...(file !== undefined && { file }) }) }));
  const synced = await syncFlows(store, read, clock.now());
  for (const { definition } of read) core.plans.register(definition);
  core.plans.noteStored(...synced.map(({ digest }) => digest));
  return synced.map(({ flowId, digest, status }, place) => ({ flowId, version: read[place]?.definition.version ?? '', digest, status }));
}
