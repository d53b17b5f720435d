import type { ExecutionView } from '../../src/views/execution-view.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { PlanRegistry } from '../../src/kinds/flows/plan-registry.ts';
import { readExecutionView } from '../../src/views/read-execution-view.ts';
import { openRuntime, type Handlers, type Opened } from '../runtime/open-runtime.ts';

export interface Ran extends Opened {
  readonly executionId: string;
  view(): Promise<ExecutionView>;
}

/** Starts a flow on a memory store; `view` reads it for drawing, whenever asked. */
export async function startFlow(flow: FlowSource, handlers: Handlers): Promise<Ran> {
  const opened = await openRuntime(flow, handlers);
  const { executionId } = await opened.runtime.start(flow.id);
  return {
    ...opened,
    executionId,
    async view() {
      const record = await opened.store.getExecution(executionId);
      if (!record) throw new Error('It is gone');
      const plans = new PlanRegistry();
      plans.register(defineFlow(flow));
      return readExecutionView(opened.store, await plans.load(opened.store, record.digest), record);
    },
  };
}

/** A flow with everything in it that diagrams draw. */
export const trip: FlowSource = {
  id: 'trip',
  min_score: 0.5,
  steps: [
    { id: 'fetch', uses: 'tool:fetch' },
    { id: 'flaky', uses: 'tool:flaky', depends_on: ['fetch'], retry: { maxAttempts: 3, initialInterval: 200, jitter: 'none' } },
    { id: 'each', uses: 'tool:twice', depends_on: ['fetch'], for_each: [1, 2, 3], with: '{% item %}' },
    { id: 'bad', uses: 'tool:bad', depends_on: ['fetch'], critical: false },
    { id: 'never', uses: 'tool:fetch', depends_on: ['flaky'], when: '{% false %}' },
    { id: 'join', uses: 'tool:slow', depends_on: ['fetch', 'flaky', 'each'] },
    { id: 'end', uses: 'signal', depends_on: ['join'], with: { name: 'go' } },
  ],
};

/** Handlers for `trip`; `flaky` fails twice with `message`. */
export function createTripHandlers(message: string): Handlers {
  let calls = 0;
  return {
    fetch: () => ({ rows: 3 }),
    flaky: () => {
      calls += 1;
      if (calls < 3) throw new Error(message);
      return 'ok';
    },
    twice: ({ input }) => (input as number) * 2,
    bad: () => {
      throw new Error(message);
    },
    slow: () => 'done',
  };
}
