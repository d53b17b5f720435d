import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { openRuntime } from './open-runtime.ts';

const names = [
  'artifact', 'artifacts', 'attempt', 'deadline', 'executionId', 'flowId', 'generate', 'idempotencyKey', 'input', 'interaction', 'item', 'logger', 'onCommit', 'publish',
  'readArtifact', 'signal', 'stepId',
];

describe('what a handler is called with', () => {
  it('can be taken apart, copied and wrapped', async () => {
    let call: ToolCall | undefined;
    const { runtime, clock } = await openRuntime({ id: 'one', steps: [{ id: 'only', uses: 'tool:keep', timeout: '1s', retry: { maxAttempts: 1 } }] }, {
      keep: given => {
        call = given;
        return new Promise(() => {});
      },
    }, { logger: pino({ level: 'silent' }) });
    const execution = await runtime.start('one');
    await new Promise<void>(resolve => setImmediate(resolve));
    const given = call as unknown as ToolCall;
    const { signal, artifacts, publish } = given;
    const bindingsOf = ({ logger }: ToolCall): object => (logger as ReturnType<typeof pino>).bindings();
    expect(Object.keys(given).sort()).toEqual(names);
    const others: ToolCall[] = [{ ...given, input: 'other' }, new Proxy(given, {}), Object.create(given) as ToolCall, Object.assign({}, given)];
    for (const other of others) {
      expect(other.signal).toBe(signal);
      expect(bindingsOf(other)).toEqual(bindingsOf(given));
      expect(other.deadline).toBe(given.deadline);
      expect([other.stepId, other.attempt]).toEqual(['only', 1]);
    }
    expect(bindingsOf(given)).toMatchObject({ executionId: execution.executionId, stepId: 'only' });
    expect(await artifacts()).toEqual([]);
    expect(() => publish('nowhere', 1)).toThrow(expect.objectContaining({ code: 'queue_unknown' }));
    expect(signal.aborted).toBe(false);
    clock.advance(1_000);
    expect(signal.reason).toMatchObject({ code: 'step_timeout' });
    expect(others.map(other => other.signal.aborted)).toEqual([true, true, true, true]);
    await execution.settled();
    await runtime.stop();
  });
});
