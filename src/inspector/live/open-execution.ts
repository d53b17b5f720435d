import { batch } from '@preact/signals';
import type { InspectedCommit, InspectedExecution } from '../document/inspected-execution.ts';
import { ExecutionModel } from '../model/execution-model.ts';
import { chosen, model, selected } from '../model/view-state.ts';
import { preview } from './stepping.ts';
import type { Wire } from './wire.ts';

interface Told {
  readonly seq: number;
  readonly at: number;
  readonly address: string;
  readonly event: { readonly type: string };
  readonly state: string | null;
}

const toCommit = (entries: readonly Told[]): InspectedCommit[] => {
  const [first] = entries;
  return first ? [[first.seq, first.at, entries.map(({ address, event, state }) => [address, event, state])]] : [];
};

/**
 * Shows an execution and follows it: all that is stored first, then every commit. What is stored beside the journal is asked for
 * anew after commits, one request at a time.
 *
 * @returns what ends it
 */
export function openExecution(wire: Wire, id: string, place: { readonly seq: number | undefined; readonly step: string }, failed: (error: unknown) => void): () => void {
  const [, executionId = id, generation] = /^(.*)~(\d+)$/.exec(id) ?? [];
  const params = { executionId, ...(generation !== undefined && { generation: Number(generation) }) };
  let isOpen = true;
  let isStale = false;
  let isAsking = false;
  let unfollow = (): void => {};

  const refresh = async (current: ExecutionModel): Promise<void> => {
    isStale = true;
    if (isAsking) return;
    isAsking = true;
    try {
      while (isStale && isOpen) {
        isStale = false;
        const { commits: _commits, ...rest } = (await wire.request('inspect', { ...params, journal: false })) as InspectedExecution;
        if (isOpen) current.update(rest);
      }
    } catch (error) {
      failed(error);
    } finally {
      isAsking = false;
    }
  };

  const begin = async (): Promise<void> => {
    const told = (await wire.request('inspect', params)) as InspectedExecution;
    if (!isOpen) return;
    const current = new ExecutionModel(told);
    batch(() => {
      model.value = current;
      chosen.value = place.seq;
      selected.value = place.step;
      preview.value = undefined;
    });
    void current.replay();
    if (told.execution.settledAt !== null) return;
    const life = told.execution.generation;
    const here = (): string => `${life}.${current.history.length}`;
    unfollow = wire.follow('execution', { ...params, generation: life }, {
      snapshot: () => void refresh(current),
      commit: entries => {
        current.append(toCommit(entries as readonly Told[]));
        preview.value = undefined;
        void refresh(current);
      },
    }, here);
  };

  begin().catch(failed);
  return () => {
    isOpen = false;
    unfollow();
  };
}
