import type { CatalogReader, CatalogWrites, FlowRecord, LabelRecord } from '../catalog-store.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class MemoryCatalog implements CatalogReader {
  readonly #read: () => MemoryState;

  constructor(read: () => MemoryState) {
    this.#read = read;
  }

  listLabels(executionId: string): LabelRecord[] {
    return [...(this.#read().labels.get(executionId)?.values() ?? [])].toSorted((a, b) => byCode(a.name, b.name));
  }

  listLabelled({ name, value, limit, before }: Parameters<CatalogReader['listLabelled']>[0]): string[] {
    return [...this.#read().labels]
      .filter(([executionId, labels]) => labels.get(name)?.value === value && (before === undefined || executionId < before))
      .map(([executionId]) => executionId)
      .toSorted((a, b) => byCode(b, a))
      .slice(0, limit);
  }

  getFlow(flowId: string): FlowRecord | undefined {
    return this.#read().flows.get(flowId);
  }

  listFlows(after: string, limit: number): FlowRecord[] {
    return [...this.#read().flows.values()].filter(({ flowId }) => flowId > after).toSorted((a, b) => byCode(a.flowId, b.flowId)).slice(0, limit);
  }
}

export function applyCatalog(state: MemoryState, log: UndoLog, { labels = [], flows = [] }: CatalogWrites): void {
  for (const row of labels) {
    let of = state.labels.get(row.executionId);
    if (!of) log.set(state.labels, row.executionId, (of = new Map<string, LabelRecord>()));
    if (!of.has(row.name)) log.set(of, row.name, Object.freeze({ ...row }));
  }
  for (const row of flows) log.set(state.flows, row.flowId, Object.freeze({ ...row }));
}
