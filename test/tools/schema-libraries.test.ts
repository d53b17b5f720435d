import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z as z3 } from 'zod-3';
import { z } from 'zod';
import { createMemoryStore, createRuntime, defineFlow, defineQueue, defineTool, type Runtime, type StandardSchema } from '../../src/index.ts';

interface Library {
  /** Of `{ amount: 5 }`, with `note` filled in. */
  readonly input: StandardSchema<{ amount: number; note?: string | undefined }, { amount: number; note: string }>;
  readonly output: StandardSchema<{ receipt: string }>;
}

const libraries: Readonly<Record<string, Library>> = {
  'zod 4': { input: z.object({ amount: z.number(), note: z.string().default('none') }), output: z.object({ receipt: z.string() }) },
  'zod 3': { input: z3.object({ amount: z3.number(), note: z3.string().default('none') }), output: z3.object({ receipt: z3.string() }) },
  Valibot: { input: v.object({ amount: v.number(), note: v.optional(v.string(), 'none') }), output: v.object({ receipt: v.string() }) },
  ArkType: { input: type({ amount: 'number', note: "string = 'none'" }), output: type({ receipt: 'string' }) },
};
const each = Object.entries(libraries);

/** Those that can look at a value asynchronously: ArkType cannot. */
const asynchronous: readonly (readonly [name: string, schema: StandardSchema<{ amount: number }>])[] = [
  ['zod 4', z.object({ amount: z.number().refine(async amount => amount < 10, 'is too much') })],
  ['zod 3', z3.object({ amount: z3.number().refine(async amount => amount < 10, 'is too much') })],
  ['Valibot', v.objectAsync({ amount: v.pipeAsync(v.number(), v.checkAsync(async amount => amount < 10, 'is too much')) })],
];

async function withRuntime(options: object, work: (runtime: Runtime) => Promise<unknown>): Promise<void> {
  const runtime = await createRuntime({ store: createMemoryStore(), ...options });
  try {
    await work(runtime);
  } finally {
    await runtime.stop();
  }
}

/** What became of the one step of a flow that hands `given` to a tool. */
async function call(schemas: Partial<Library>, given: object, run: (input: unknown) => unknown): Promise<unknown> {
  const tool = defineTool({ name: 'charge', ...schemas, run: ({ input }: { input: unknown }) => run(input) as never });
  const flow = defineFlow({ id: 'pay', steps: [{ id: 'charge', uses: 'tool:charge', with: given as never }] });
  let step: unknown;
  await withRuntime({ tools: [tool], flows: [flow] }, async runtime => {
    step = (await (await runtime.start('pay')).settled()).steps[0];
  });
  return step;
}

describe('schemas of a tool', () => {
  it.each(each)('of %s check what it takes and gives, and fill in defaults', async (_name, schemas) => {
    expect(await call(schemas, { amount: 5 }, input => ({ receipt: JSON.stringify(input) }))).toMatchObject({ status: 'completed', output: { receipt: '{"amount":5,"note":"none"}' } });
    expect(await call(schemas, { amount: 'five' }, () => ({ receipt: '' }))).toMatchObject({ status: 'failed', reason: { code: 'tool_input_invalid', message: expect.stringMatching(/input\.amount: .*number/) } });
    expect(await call(schemas, { amount: 5 }, () => ({ receipt: 7 }))).toMatchObject({ status: 'failed', reason: { code: 'tool_output_invalid', message: expect.stringMatching(/output\.receipt: .*string/) } });
  });

  it.each(asynchronous)('of %s may be asynchronous', async (_name, schema) => {
    expect(await call({ input: schema as never }, { amount: 5 }, input => input)).toMatchObject({ status: 'completed', output: { amount: 5 } });
    expect(await call({ input: schema as never }, { amount: 50 }, input => input)).toMatchObject({ status: 'failed', reason: { code: 'tool_input_invalid', message: expect.stringContaining('input.amount: is too much') } });
  });
});

describe('the schema of a queue', () => {
  it.each(each)('of %s checks what is published, and fills in defaults for who takes it', async (_name, { input }) => {
    const queue = defineQueue({ name: 'payments', schema: input });
    await withRuntime({ queues: [queue] }, async runtime => {
      // @ts-expect-error an amount is a number
      await expect(runtime.publish(queue, { amount: 'five' })).rejects.toMatchObject({ code: 'payload_invalid', message: expect.stringMatching(/payload\.amount: .*number/) });
      const taken = new Promise<{ readonly amount: number; readonly note: string }>(resolve => void runtime.consume(queue, ({ payload }) => resolve(payload)));
      await runtime.publish(queue, { amount: 5 });
      expect(await taken).toEqual({ amount: 5, note: 'none' });
    });
  });

  it.each(asynchronous)('of %s has to answer at once, and it is said when it does not', async (_name, schema) => {
    const queue = defineQueue({ name: 'payments', schema });
    await withRuntime({ queues: [queue] }, async runtime => {
      await expect(runtime.publish(queue, { amount: 5 })).rejects.toMatchObject({
        code: 'schema_async', message: 'Expected the schema of queue "payments" to answer at once, got a promise; leave out what is asynchronous in it, and check that where the value is used',
      });
    });
  });
});
