import { setup } from 'xstate';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';

/** Everything that a message can be for: tools, a list, a retry, a signal, a child flow, a machine. No expressions: those have a process of their own. */
const tool = (id: string, ...depends_on: string[]) => ({ id, uses: 'tool:work', depends_on });
export const flows = [
  defineFlow({
    id: 'victim',
    steps: [
      tool('a'),
      { ...tool('each', 'a'), for_each: [1, 2, 3] },
      { ...tool('flaky', 'a'), uses: 'tool:flaky', retry: { maxAttempts: 2, initialInterval: 1, jitter: 'none' } },
      { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['a'] },
      { id: 'child', uses: 'flow:inner', depends_on: ['ask'] },
      { id: 'door', uses: 'machine:door', depends_on: ['ask'] },
      tool('last', 'each', 'flaky', 'child', 'door'),
    ],
  }),
  defineFlow({ id: 'inner', steps: [tool('x'), tool('y', 'x')] }),
];

export const door = setup({}).createMachine({ id: 'door', initial: 'shut', states: { shut: { on: { open: 'open' } }, open: { type: 'final' } } });

/** Tools that tell of each call before they do anything. */
export const createTools = (called: (call: ToolCall<never>) => void): Tool[] => [
  { name: 'work', run: async (call: ToolCall<never>) => (called(call), { by: call.stepId }) },
  { name: 'flaky', run: async (call: ToolCall<never>) => {
    called(call);
    if (call.attempt === 1) throw new Error('not yet');
    return { by: call.stepId };
  } },
];
