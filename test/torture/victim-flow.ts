import type { SqliteDatabase } from 'flowstone/sqlite';
import { defineFlow, defineTool, type FlowDefinition, type Tool, type ToolCall } from 'flowstone';

/** Ten steps: parallel ones, one that fails at first, a wait, expressions over outputs. */
export const victimFlow: FlowDefinition = defineFlow({
  id: 'victim',
  steps: [
    { id: 'a', uses: 'tool:work', with: { value: '{% input.value %}' } },
    { id: 'b', uses: 'tool:work', depends_on: ['a'], with: { value: '{% steps.a.output.value + 1 %}' } },
    { id: 'c', uses: 'tool:work', depends_on: ['a'] },
    { id: 'd', uses: 'tool:flaky', depends_on: ['b'], retry: { maxAttempts: 3, initialInterval: '5ms', jitter: 'none' } },
    { id: 'e', uses: 'sleep', depends_on: ['a'], with: { for: '20ms' } },
    { id: 'f', uses: 'tool:work', depends_on: ['c', 'e'] },
    { id: 'g', uses: 'tool:work', depends_on: ['d', 'f'], with: { value: '{% steps.b.output.value * 2 %}' } },
    { id: 'h', uses: 'tool:work', depends_on: ['g'] },
    { id: 'i', uses: 'tool:work', depends_on: ['h'], with: { value: '{% steps.g.output.value %}' } },
    { id: 'j', uses: 'tool:work', depends_on: ['h'] },
  ],
});

/** Steps with a handler, each of which writes one row of its own when it completes. */
export const workSteps: readonly string[] = victimFlow.steps.filter(({ uses }) => uses.startsWith('tool:')).map(({ id }) => id);

/** What each step puts out for an input value; what is read back must be this. */
export function expectedValue(stepId: string, value: number): number | null {
  if (stepId === 'a') return value;
  if (stepId === 'b') return value + 1;
  if (stepId === 'g' || stepId === 'i') return (value + 1) * 2;
  return null;
}

/** The two tools; `begin` and `end` are told around each run. */
export function createVictimTools(begin: (call: ToolCall) => void, end: (call: ToolCall) => void): Tool[] {
  const run = async (call: ToolCall): Promise<object> => {
    begin(call);
    // Flows drift apart: a kill meets them at different steps.
    const turns = 1 + (call.executionId.charCodeAt(call.executionId.length - 1) % 7);
    for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
    call.onCommit(({ handle }) => {
      const database = handle as SqliteDatabase;
      database.exec('CREATE TABLE IF NOT EXISTS effects (execution_id TEXT, step_id TEXT, attempt INTEGER)');
      database.prepare('INSERT INTO effects VALUES (?, ?, ?)').run(call.executionId, call.stepId, call.attempt);
    });
    end(call);
    const { value = null } = (call.input ?? {}) as { value?: number };
    return { value, key: call.idempotencyKey, padding: 'x'.repeat(200) };
  };
  return [
    defineTool({ name: 'work', run }),
    defineTool({
      name: 'flaky',
      run: call => {
        if (call.attempt > 1) return run(call);
        begin(call);
        end(call);
        throw new Error('The first attempt fails');
      },
    }),
  ];
}
