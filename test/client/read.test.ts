import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { AnswerOf } from '../../src/client.ts';
import { connect } from '../../src/client.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import { createServer } from '../../src/server.ts';

const token = 'test-token-of-32-characters-0000';
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

describe('what a client reads', () => {
  it('has the type that the table of routes gives to its path, and is that', async () => {
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [defineFlow({ id: 'nap', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1ms' } }] })] });
    const server = createServer(runtime, { auth: { token } });
    const client = connect((await server.listen({ port: 0 })).url, { token });
    ends.push(() => runtime.stop(), () => server.close(), () => client.close());
    const { executionId } = await client.start('nap');
    await client.settled(executionId);

    const page = await client.read('/api/v1/executions?flow=nap&limit=10');
    expectTypeOf(page.items[0]?.flowId).toEqualTypeOf<string | undefined>();
    expectTypeOf(page.next).toEqualTypeOf<string | null>();
    expect(page.items.map(({ flowId, status }) => [flowId, status])).toEqual([['nap', 'scored']]);
    expect(await client.read('/api/v1/executions?flow=nap&limit=10')).toBe(page);

    const execution = await client.read(`/api/v1/executions/${executionId}`);
    expectTypeOf(execution.score).toEqualTypeOf<number | null>();
    expect([execution.executionId, execution.score]).toEqual([executionId, 1]);
    const { status, cursor } = await client.read('/api/v1/health');
    expectTypeOf(cursor).toEqualTypeOf<string | undefined>();
    expect([status, typeof cursor]).toEqual(['running', 'string']);
    await expect(client.read('/api/v1/executions/nobody')).rejects.toMatchObject({ code: 'execution_not_found' });
  });

  it('is unknown where no route is named, or one that answers no JSON', () => {
    expectTypeOf<AnswerOf<string>>().toBeUnknown();
    expectTypeOf<AnswerOf<'/api/v1/nothing'>>().toBeUnknown();
    expectTypeOf<AnswerOf<'/inspector/x'>>().toBeUnknown();
    expectTypeOf<AnswerOf<`/api/v1/executions/${string}/artifacts/a/b.txt`>>().toBeUnknown();
    expectTypeOf<AnswerOf<`/api/v1/executions/${string}/progress`>>().not.toBeUnknown();
    expectTypeOf<AnswerOf<`/api/v1/executions/${string}/progress`>>().not.toBeAny();
  });
});
