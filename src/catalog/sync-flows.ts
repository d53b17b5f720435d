import type { FlowRecord } from '../../persistence/catalog-store.ts';
import type { DefinitionRecord } from '../../persistence/records.ts';
import type { AnyStore } from '../../persistence/records/open-records.ts';
import { openRecords } from '../../persistence/records/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { compileFlow } from '../definition/compile-flow.ts';
import type { FlowDefinition } from '../definition/schema.ts';

/** A definition and the file it was read from. */
export interface ReadFlow {
  /** An absolute path. */
  readonly file: string;
  readonly definition: FlowDefinition;
}

/** What became of one definition. */
export interface SyncedFlow {
  readonly status: 'new' | 'changed' | 'unchanged';
  readonly flowId: string;
  readonly file: string;
  readonly digest: string;
  /** Of the definition before, when it has changed. */
  readonly before?: string;
}

/**
 * Takes definitions over into a store, by digest: what is there already is left as it is, and a second time changes nothing.
 *
 * One transaction for all. The store must have been acquired. Definitions that executions have started with stay.
 */
export async function syncFlows(given: AnyStore, flows: readonly ReadFlow[], now: number): Promise<SyncedFlow[]> {
  const store = openRecords(given);
  const synced: SyncedFlow[] = [];
  const definitions: DefinitionRecord[] = [];
  const records: FlowRecord[] = [];
  for (const { file, definition } of flows) {
    const { digest } = compileFlow(definition);
    const { id: flowId, version } = definition;
    const before = await store.catalog?.getFlow(flowId);
    const status = !before ? 'new' : before.digest === digest ? 'unchanged' : 'changed';
    synced.push({ status, flowId, file, digest, ...(status === 'changed' && before && { before: before.digest }) });
    if (status === 'unchanged' && before?.file === file) continue;
    definitions.push({ digest, flowId, version, definition: JSON.stringify(definition), createdAt: now });
    records.push({ flowId, digest, file, syncedAt: now });
  }
  if (records.length > 0) {
    await store.commit({ definitions, executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] }, catalog: { flows: records } });
  }
  return synced;
}

/** Flows taken over from a folder before whose files are gone. They stay. */
export async function findGone(store: Records, folder: string, files: readonly string[]): Promise<FlowRecord[]> {
  const gone: FlowRecord[] = [];
  for (let after = ''; ; ) {
    const page = (await store.catalog?.listFlows(after, 100)) ?? [];
    gone.push(...page.filter(({ file }) => file.startsWith(folder) && !files.includes(file)));
    const last = page.at(-1);
    if (page.length < 100 || !last) return gone;
    after = last.flowId;
  }
}
