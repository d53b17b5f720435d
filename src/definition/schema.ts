import { describeUses, readUses } from './step-kinds.ts';
import { z } from 'zod';
import { createRecoverShape } from './recover-schema.ts';
import type { RetryPolicy } from '../core/backoff.ts';
import { maxDurationMs } from '../core/duration.ts';
import { artifactShape } from './artifact-schema.ts';
import { assertionShape, type JsonValue } from './assertion-schema.ts';
import { duration } from './duration-schema.ts';
import { models, toModelKeys } from './model-schema.ts';

// The `error` of every leaf is the words that follow "Expected `key` to be".

const text = (expected = 'a string') => z.string({ error: expected });
const filledText = (expected: string) => text(expected).min(1, { error: expected });
const number = (expected: string, from: number, to = Number.MAX_VALUE) =>
  z.number({ error: expected }).gte(from, { error: expected }).lte(to, { error: expected });
const integer = (expected: string, from: number) => z.int({ error: expected }).gte(from, { error: expected });

const idExpected = 'an id: letters, digits, `_` and `-`, not beginning with a digit or `-`, at most 100 characters';
const stepId = text(idExpected)
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/, { error: idExpected })
  .refine(id => id !== '__proto__', { error: 'an id other than `__proto__`' });

const flowIdExpected = 'an id: letters, digits, `_`, `-` and `.`, beginning with a letter, digit or `_`, at most 100 characters';
const flowId = text(flowIdExpected)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, { error: flowIdExpected })
  .refine(id => id !== '__proto__', { error: 'an id other than `__proto__`' });

// Whether it really is JSON is checked once for the whole definition, with the path to what is not.
const json = z.custom<JsonValue>();

/** What retries do where the definition does not say otherwise. */
export const defaultRetry: RetryPolicy = {
  maxAttempts: 1,
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maxIntervalMs: 100_000,
  jitter: 'full',
  nonRetryable: [],
};

const retryShape = z.strictObject(
  {
    maxAttempts: integer('an integer ≥ 1', 1).default(defaultRetry.maxAttempts),
    initialInterval: duration(0).default(defaultRetry.initialIntervalMs),
    backoffCoefficient: number('a number ≥ 1', 1).default(defaultRetry.backoffCoefficient),
    maxInterval: duration(0).optional(),
    jitter: z.enum(['full', 'none'], { error: '`full` or `none`' }).default(defaultRetry.jitter),
    nonRetryable: z.array(filledText('a failure code'), { error: 'a list of failure codes' }).default([]),
  },
  { error: 'an object with `maxAttempts` and the like' },
);

// A policy that says what would happen anyway is left out, so that writing it does not change the digest.
const retry = retryShape.transform(policy => {
  const { maxAttempts, initialInterval, backoffCoefficient, jitter, nonRetryable, maxInterval = Math.min(initialInterval * 100, maxDurationMs) } = policy;
  const isDefault =
    maxAttempts === defaultRetry.maxAttempts &&
    initialInterval === defaultRetry.initialIntervalMs &&
    backoffCoefficient === defaultRetry.backoffCoefficient &&
    maxInterval === defaultRetry.maxIntervalMs &&
    jitter === defaultRetry.jitter &&
    nonRetryable.length === 0;
  return isDefault ? undefined : { ...policy, maxInterval };
});

// Failures that `retry` never tries again are not tried again here either.
const furtherRetry = retryShape.omit({ nonRetryable: true }).transform(policy => ({ ...policy, maxInterval: policy.maxInterval ?? Math.min(policy.initialInterval * 100, maxDurationMs) }));
const { ask: askShape, recover: recoverShape } = createRecoverShape({ retry: furtherRetry, stepId, signalName: filledText('the name of a signal'), duration: duration(1) });
const recover = recoverShape.refine(value => Object.keys(value).length > 0, { error: 'an object with `retry`, `alternative` or `ask`' });

const stepShape = z.strictObject(
  {
    id: stepId,
    description: text().optional(),
    uses: z.string({ error: describeUses }).refine(uses => readUses(uses) !== undefined, { error: describeUses }),
    with: json.optional(),
    run: z.literal('always', { error: '`always`; what a step does is its `uses`' }).optional(),
    depends_on: z.array(text('the id of a step'), { error: 'a list of step ids' }).default([]),
    when: z.union([z.boolean(), filledText('an expression')], { error: 'an expression' }).optional(),
    for_each: z.union([filledText('an expression'), z.array(json)], { error: 'an expression or a list' }).optional(),
    concurrency: integer('an integer ≥ 1', 1).optional(),
    on_item_failure: z.enum(['fail', 'skip', 'collect'], { error: '`fail`, `skip` or `collect`' }).optional(),
    critical: z.boolean({ error: '`true` or `false`' }).default(true),
    weight: number('a number from 0 to 1,000,000', 0, 1_000_000).default(1),
    timeout: duration(1).optional(),
    expected_duration: duration(1).optional(),
    examples: z.array(json, { error: 'a list of outputs' }).min(1, { error: 'a list of at least one output' }).optional(),
    retry: retry.optional(),
    recover: recover.optional(),
    artifacts: z.array(artifactShape, { error: 'a list of artifacts' }).min(1, { error: 'a list of at least one artifact' }).optional(),
    models: models.optional(),
  },
  { error: 'an object with `id` and `uses`' },
);

const probeExpected = '`tool:name`, the tool that reads the state';
const stateShape = z.strictObject(
  {
    uses: text(probeExpected).regex(/^tool:[A-Za-z0-9_][A-Za-z0-9_./:-]{0,199}$/, { error: probeExpected }),
    with: json.optional(),
    initial: stepId.optional(),
    timeout: duration(1).optional(),
  },
  { error: 'an object with `uses`' },
);

/** Longest a consolidation may take where the definition does not say otherwise, ms. */
export const defaultConsolidationTimeoutMs = 60_000;

const consolidatorExpected = 'the name of a consolidator: letters, digits, `_`, `.` and `-`, at most 200 characters';
const consolidationShape = z.strictObject(
  {
    timeout: duration(1).optional(),
    uses: text(consolidatorExpected).regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/, { error: consolidatorExpected }).optional(),
  },
  { error: 'an object with `timeout` or `uses`' },
);

// As with `retry`: what would happen anyway is left out.
const consolidation = consolidationShape.transform(({ timeout, uses }) => {
  const kept = { ...(timeout !== undefined && timeout !== defaultConsolidationTimeoutMs && { timeout }), ...(uses !== undefined && { uses }) };
  return Object.keys(kept).length === 0 ? undefined : kept;
});

const flowShape = z.strictObject(
  {
    id: flowId,
    version: z
      .union([filledText('a version'), z.number()], { error: 'a version such as `"1"` or `"2025.11"`' })
      .transform(String)
      .default('1'),
    description: text().optional(),
    flow_type: z.enum(['static', 'dynamic'], { error: '`static` or `dynamic`' }).optional(),
    on_halt: z.enum(['cancel', 'finish'], { error: '`cancel` or `finish`' }).transform(value => (value === 'cancel' ? undefined : value)).optional(),
    mode: z.enum(['strict', 'conditional', 'lenient'], { error: '`strict`, `conditional` or `lenient`' }).default('conditional'),
    concurrency: integer('an integer ≥ 1', 1).default(10),
    timeout: duration(1).optional(),
    models: models.optional(),
    output_dir: filledText('the path of a folder').optional(),
    min_score: number('a number from 0 to 1', 0, 1).default(0),
    consolidation: consolidation.optional(),
    input: z.union([z.record(z.string(), json), z.boolean()], { error: 'a JSON Schema' }).optional(),
    state: stateShape.optional(),
    assertions: z.array(assertionShape, { error: 'a list of assertions' }).optional(),
    steps: z.array(stepShape, { error: 'a list of at least one step' }).min(1, { error: 'a list of at least one step' }),
  },
  { error: 'a flow: an object with `id` and `steps`' },
);

/** The one schema of a flow. What it gives has every default filled in and every duration in ms. */
export const flowSchema = flowShape;

/** Keys of each object in a definition, for did-you-mean and for the page that documents them. Read late: schemas are made when first used. */
export const definitionKeys = {
  get flow() { return Object.keys(flowShape.shape); },
  get step() { return Object.keys(stepShape.shape); },
  get retry() { return Object.keys(retryShape.shape); },
  get recover() { return Object.keys(recoverShape.shape); },
  get ask() { return Object.keys(askShape.shape); },
  get furtherRetry() { return Object.keys(retryShape.shape).filter(key => key !== 'nonRetryable'); },
  get state() { return Object.keys(stateShape.shape); },
  get artifact() { return Object.keys(artifactShape.shape); },
  get model() { return toModelKeys(); },
  get consolidation() { return Object.keys(consolidationShape.shape); },
} as const;

/** Also lists that are declared `as const` are taken. */
type Written<Value> = Value extends readonly (infer Item)[] ? readonly Written<Item>[] : Value extends object ? { readonly [Key in keyof Value]: Written<Value[Key]> } : Value;

/** A flow as people write it, in YAML or TypeScript. */
export type FlowSource = Written<z.input<typeof flowShape>>;

/** A flow that was checked: defaults filled in, durations in ms. */
export type FlowDefinition = z.output<typeof flowShape>;

/** A step of a `FlowDefinition`. */
export type StepDefinition = FlowDefinition['steps'][number];
