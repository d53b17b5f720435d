import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { validateInput } from '../../src/definition/input-schema.ts';
import type { InputProblem } from '../../src/definition/input-problems.ts';
import type { FlowSource } from '../../src/definition/schema.ts';

const flow = (input: FlowSource['input']) => defineFlow({ id: 'pay', steps: [{ id: 'a', uses: 'tool:any' }], ...(input !== undefined && { input }) });

const pay = flow({
  type: 'object',
  required: ['wallet'],
  additionalProperties: false,
  properties: {
    wallet: { type: 'string', pattern: '^0x' },
    amount: { type: 'number', minimum: 1, default: 5 },
    items: { type: 'array', items: { $ref: '#/$defs/item' } },
  },
  $defs: { item: { type: 'object', properties: { price: { type: 'number' } } } },
});

const check = (definition: typeof pay, input: unknown): Promise<unknown> => validateInput(definition, input, 1_000);

async function refusalOf(definition: typeof pay, input: unknown): Promise<{ code: string; message: string; problems: readonly InputProblem[] }> {
  try {
    await check(definition, input);
  } catch (error) {
    if (isFlowError(error)) return { code: error.code, message: error.message, problems: (error.details?.['problems'] ?? []) as InputProblem[] };
    throw error;
  }
  throw new Error('The input was taken');
}

describe('the input of a flow', () => {
  it('is given back with defaults filled in, and not changed', async () => {
    const input = { wallet: '0x1' };
    expect(await check(pay, input)).toEqual({ wallet: '0x1', amount: 5 });
    expect(input).toEqual({ wallet: '0x1' });
    const complete = { wallet: '0x1', amount: 7 };
    expect(await check(pay, complete)).toEqual(complete);
    expect(await check(pay, { ...complete, amount: undefined })).toEqual({ wallet: '0x1', amount: 5 });
  });

  it('is anything JSON when the flow has no schema', async () => {
    for (const input of [null, 1, 'x', [1], {}]) expect(await check(flow(undefined), input)).toEqual(input);
    expect((await refusalOf(flow(undefined), { a: 1n })).code).toBe('value_not_json');
  });

  it('is refused with the path, what was expected and what was found', async () => {
    const { code, message, problems } = await refusalOf(pay, { wallet: 'x', amount: 0, items: [{ price: 'high' }], colour: 'red' });
    expect(code).toBe('input_invalid');
    expect(problems.map(({ path }) => path).toSorted()).toEqual(['input.amount', 'input.colour', 'input.items[0].price', 'input.wallet']);
    expect(message).toContain('problems in the input of flow `pay`');
    expect(message).toContain('Expected `input.items[0].price` to be of type `number`, got `high` (string)');
    expect(message).toContain('Expected `input.wallet` to match the pattern `^0x`, got `x` (string)');
    expect(message).toContain('Expected `input.amount` to be at least 1, got `0` (number)');
    expect(message).toContain('Expected `input.colour` to be left out: the schema has no such property');
  });

  it('names what is missing', async () => {
    expect((await refusalOf(pay, {})).message).toBe('Input of flow `pay`: Expected `input` to have `wallet`, got an object with `amount`');
    expect((await refusalOf(pay, undefined)).message).toBe('Input of flow `pay`: Expected `input` to be of type `object`, got `null`');
  });

  it('is refused when the schema has no end', async () => {
    expect((await refusalOf(flow({ $ref: '#' }), {})).code).toBe('input_schema_invalid');
    expect(() => flow({ $ref: '#/$defs/missing' })).toThrow('Expected `$ref` in the input schema to be a reference inside this schema');
  });

  it('follows keywords that hold schemas', async () => {
    expect(await check(flow({ anyOf: [{ type: 'string' }, { type: 'null' }] }), null)).toBeNull();
    expect((await refusalOf(flow({ anyOf: [{ type: 'string' }, { type: 'null' }] }), 1)).code).toBe('input_invalid');
    expect((await refusalOf(flow(false), 1)).code).toBe('input_invalid');
    expect((await refusalOf(flow({ type: 'object', properties: { 'a/b~c%': { type: 'null' } } }), { 'a/b~c%': 1 })).problems[0]?.path).toBe('input["a/b~c%"]');
  });
});
