import { appendFile } from 'node:fs/promises';
import { defineTool } from 'flowstone';
import { z } from 'zod';

// The program takes the machines of its steps from here, too.
export { parcel } from './machines/parcel.ts';

/** What was done in the world outside, a line each: look into it after a crash. */
const done = (text: string): Promise<void> => appendFile('done.log', `${text}\n`);

const customer = z.string().min(1);

const reserve = defineTool({
  name: 'reserve',
  input: z.object({ customer }),
  output: z.object({ shelf: z.string() }),
  async run({ input }) {
    await done(`reserved for ${input.customer}`);
    return { shelf: 'A7' };
  },
});

const charge = defineTool({
  name: 'charge',
  input: z.object({ customer, amount: z.number() }),
  output: z.object({ receipt: z.string() }),
  // The key is the same in every attempt: give it to whoever must not do this twice.
  async run({ input, idempotencyKey }) {
    await done(`charged ${input.customer} ${input.amount}`);
    return { receipt: idempotencyKey };
  },
});

const payBack = defineTool({
  name: 'pay-back',
  input: z.object({ customer, amount: z.number() }),
  output: z.object({ paidBack: z.number() }),
  async run({ input }) {
    await done(`paid ${input.customer} ${input.amount} back`);
    return { paidBack: input.amount };
  },
});

const writeLetter = defineTool({
  name: 'write-letter',
  input: z.object({ customer, text: z.string() }),
  output: z.object({ letter: z.string() }),
  async run({ input }) {
    await done(`wrote to ${input.customer}`);
    return { letter: `Dear ${input.customer},\n${input.text}` };
  },
});

export const tools = [reserve, charge, payBack, writeLetter];
