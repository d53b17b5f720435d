import { signal } from '@preact/signals';
import type { ExecutionSummary } from '../../kinds/flows/execution-api.ts';
import type { Wire } from './wire.ts';

const pageSize = 200;
/** Shortest time between two looks at what has changed, ms. */
const restMs = 300;

/** A flow that can be started. */
export interface StartableFlow {
  readonly id: string;
  readonly version: string;
  readonly description: string | null;
  readonly input: unknown;
}

export interface ListFilter {
  readonly status: string;
  readonly flowId: string;
}

/** Executions that are listed, the newest first. */
export const executions = signal<readonly ExecutionSummary[]>([]);
export const hasMore = signal(false);
export const isListing = signal(false);
export const flows = signal<readonly StartableFlow[]>([]);
export const listFilter = signal<ListFilter>({ status: '', flowId: '' });
export const listText = signal('');

let next: string | undefined;

function toParams({ status, flowId }: ListFilter): Record<string, unknown> {
  return { ...(status !== '' && { status: status === 'open' ? ['pending', 'stepping', 'consolidating'] : [status] }), ...(flowId !== '' && { flowId }), limit: pageSize };
}

interface Page {
  readonly executions: readonly ExecutionSummary[];
  readonly next: string | null;
}

/** Lists from the newest on. What is shown already stays until then. */
export async function listNewest(wire: Wire): Promise<void> {
  const asked = listFilter.value;
  isListing.value = true;
  try {
    const page = (await wire.request('list', toParams(asked))) as Page;
    if (asked !== listFilter.value) return;
    const newest = new Set(page.executions.map(({ executionId }) => executionId));
    // Rows of further pages stay where they are.
    const rest = page.next === null ? [] : executions.value.filter(({ executionId }) => !newest.has(executionId)).slice(0, Math.max(0, executions.value.length - pageSize));
    executions.value = [...page.executions, ...rest];
    if (rest.length === 0) next = page.next ?? undefined;
    hasMore.value = next !== undefined;
  } finally {
    isListing.value = false;
  }
}

/** Lists the page after what is shown. */
export async function listMore(wire: Wire): Promise<void> {
  if (next === undefined || isListing.value) return;
  isListing.value = true;
  try {
    const page = (await wire.request('list', { ...toParams(listFilter.value), after: next })) as Page;
    const known = new Set(executions.value.map(({ executionId }) => executionId));
    executions.value = [...executions.value, ...page.executions.filter(({ executionId }) => !known.has(executionId))];
    next = page.next ?? undefined;
    hasMore.value = next !== undefined;
  } finally {
    isListing.value = false;
  }
}

/** Keeps the list as things are; returns what ends that. */
export function followList(wire: Wire, wait: (run: () => void, ms: number) => void): () => void {
  let isOpen = true;
  let isWaiting = false;
  const look = (): void => {
    if (isWaiting || !isOpen) return;
    isWaiting = true;
    wait(() => {
      isWaiting = false;
      if (isOpen) listNewest(wire).catch(() => {});
    }, restMs);
  };
  const end = wire.follow('feed', {}, { snapshot: look, commit: look });
  return () => {
    isOpen = false;
    end();
  };
}
