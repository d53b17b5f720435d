import { batch } from '@preact/signals';
import type { InspectedCommit, InspectedExecution } from '../document/inspected-execution.ts';
import { ExecutionModel } from '../model/execution-model.ts';
import { chosen, model, selected } from '../model/view-state.ts';
import { followLogs, logLines } from './logs.ts';
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

/** Commits of a piece: the first is small, so that there is something to see. */
const [firstPiece, piece] = [200, 5_000];

interface Read {
  readonly commits: readonly InspectedCommit[];
  readonly isAll: boolean;
}

/** A journal from its beginning on, a piece at a time; the next is on its way while one is taken. */
async function* readJournal(wire: Wire, params: Record<string, unknown>, isWanted: () => boolean): AsyncGenerator<readonly InspectedCommit[]> {
  const ask = (after: number, limit: number): Promise<Read> => {
    const asked = wire.request('journal', { ...params, after, limit }) as Promise<Read>;
    // Whoever waits for it is told; until then it is nobody's.
    asked.catch(() => {});
    return asked;
  };
  for (let next = ask(0, firstPiece); isWanted();) {
    const { commits, isAll } = await next;
    const [seq = 0, , entries = []] = commits.at(-1) ?? [];
    if (!isAll) next = ask(seq + entries.length - 1, piece);
    yield commits;
    if (isAll) return;
  }
}

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
        const rows = current.wantsItems ? 'all' : 'steps';
        const { commits: _commits, ...rest } = (await wire.request('inspect', { ...params, generation: current.document.execution.generation, journal: false, rows })) as InspectedExecution;
        if (isOpen) current.update(rest);
      }
    } catch (error) {
      failed(error);
    } finally {
      isAsking = false;
    }
  };

  const begin = async (): Promise<void> => {
    const told = (await wire.request('inspect', { ...params, journal: false, rows: 'none' })) as InspectedExecution;
    if (!isOpen) return;
    const current = new ExecutionModel(told);
    current.askForItems = () => void refresh(current);
    batch(() => {
      model.value = current;
      chosen.value = place.seq;
      selected.value = place.step;
      preview.value = undefined;
    });
    await current.load(readJournal(wire, { ...params, generation: told.execution.generation }, () => isOpen));
    if (!isOpen) return;
    void refresh(current);
    if (told.execution.settledAt !== null) {
      logLines.value = [];
      return;
    }
    const life = told.execution.generation;
    const here = (): string => `${life}.${current.history.length}`;
    const unfollowLogs = followLogs(wire, executionId);
    const end = wire.follow('execution', { ...params, generation: life }, {
      snapshot: () => void refresh(current),
      commit: entries => {
        current.append(toCommit(entries as readonly Told[]));
        preview.value = undefined;
        void refresh(current);
      },
    }, here);
    unfollow = () => {
      end();
      unfollowLogs();
    };
  };

  begin().catch(failed);
  return () => {
    isOpen = false;
    unfollow();
  };
}
