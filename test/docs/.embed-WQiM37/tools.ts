// tools.ts
import { defineTool } from 'flowstone';
import { z } from 'zod';

export const getBalance = defineTool({
  name: 'get-balance',
  input: z.object({ wallet: z.string() }),
  output: z.object({ amount: z.number() }),
  run: () => ({ amount: 40 }),
});

export const swap = defineTool({
  name: 'swap',
  input: z.object({ wallet: z.string(), amount: z.number() }),
  // The key is the same in every attempt: give it to whoever must not do this twice.
  run: async ({ input, idempotencyKey }) => ({ swapped: input.amount, reference: idempotencyKey }),
});
