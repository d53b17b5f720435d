import { z } from 'zod';

// The `error` of every leaf is the words that follow "Expected `key` to be".

const text = (error: string) => z.string({ error });
const list = <Item extends z.ZodType>(item: Item, error: string) => z.array(item, { error });
const weight = z.number({ error: 'a number, 0 or more' }).gte(0, { error: 'a number, 0 or more' });
const flag = z.boolean({ error: '`true` or `false`' });
const anything = z.custom<unknown>();

const account = z
  .object({
    pubkey: text('the address of an account'),
    owner: text('the program the account belongs to'),
    lamports: z.number({ error: 'a number of lamports' }).int({ error: 'a whole number of lamports' }).gte(0, { error: 'a number of lamports, 0 or more' }).optional(),
    data: z.record(z.string(), anything, { error: 'an object' }).optional(),
  }, { error: 'an account: an object with `pubkey` and `owner`' })
  .catchall(anything);

const flowStep = z
  .object({
    step: z.int({ error: 'the number of the step' }).gte(1, { error: 'the number of the step, from 1' }),
    description: text('a string').optional(),
    prompt: text('what the agent is asked'),
    critical: flag.default(true),
    timeout: z.number({ error: 'a number of seconds' }).gt(0, { error: 'a number of seconds above 0' }).optional(),
    depends_on: list(text('the result of a step, such as `step_1_result`'), 'a list such as `[step_1_result]`').optional(),
  }, { error: 'a step: an object with `step` and `prompt`' })
  .catchall(anything);

/** An entry of one of the lists in `ground_truth`. */
const expectation = z.object({ type: text('the name of what is expected').optional(), weight: weight.optional() }, { error: 'an object' }).catchall(anything);

const expectedAccount = z
  .object({ pubkey: text('the address of an account'), is_signer: flag, is_writable: flag, weight: weight.default(0) }, { error: 'an object with `pubkey`, `is_signer` and `is_writable`' })
  .catchall(anything);

const expectedInstruction = z
  .object({
    program_id: text('the address of a program'),
    program_id_weight: weight.default(0),
    accounts: list(expectedAccount, 'a list of accounts').default([]),
    data: text('base58').optional(),
    data_weight: weight.optional(),
    step: z.int({ error: 'the number of a step' }).optional(),
  }, { error: 'an instruction: an object with `program_id`' })
  .catchall(anything);

const groundTruth = z
  .object({
    min_score: z.number({ error: 'a number from 0 to 1' }).gte(0, { error: 'a number from 0 to 1' }).lte(1, { error: 'a number from 0 to 1' }).default(0),
    skip_instruction_validation: flag.optional(),
    final_state_assertions: list(expectation, 'a list of assertions').default([]),
    expected_instructions: list(expectedInstruction, 'a list of instructions').default([]),
  }, { error: 'an object' })
  .catchall(anything);

/** A benchmark file of the predecessor. Keys that are not described here are kept. */
export const benchmarkSchema = z
  .object({
    id: text('the id of the benchmark'),
    description: text('a string').optional(),
    tags: list(text('a tag'), 'a list of tags').default([]),
    flow_type: z.enum(['static', 'dynamic'], { error: '`static` or `dynamic`' }).optional(),
    prompt: text('what the agent is asked').min(1, { error: 'what the agent is asked' }),
    initial_state: list(account, 'a list of accounts').default([]),
    flow: list(flowStep, 'a list of steps').min(1, { error: 'a list of at least one step' }).optional(),
    ground_truth: groundTruth.optional(),
  }, { error: 'a benchmark: an object with `id` and `prompt`' })
  .catchall(anything);

export const knownKeys = {
  get benchmark() { return Object.keys(benchmarkSchema.shape); },
  get groundTruth() { return Object.keys(groundTruth.shape); },
  get account() { return Object.keys(account.shape); },
  get flowStep() { return Object.keys(flowStep.shape); },
} as const;

export type Benchmark = z.output<typeof benchmarkSchema>;
export type BenchmarkStep = NonNullable<Benchmark['flow']>[number];
export type Expectation = z.output<typeof expectation>;
export type ExpectedInstruction = z.output<typeof expectedInstruction>;
