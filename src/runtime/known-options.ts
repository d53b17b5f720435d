import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import type { RuntimeOptions } from './api.ts';

/** The options of `createRuntime`; `joinRuntime` takes them, too, but for the store. */
export const runtimeKeys: KeysOf<RuntimeOptions> = {
  store: true, tools: true, flows: true, consolidators: true, clock: true, random: true, logger: true, maxActiveFlows: true, maxRunningSteps: true, maxInterruptions: true,
  maxOutputBytes: true, maxFlowDepth: true, maxChildFlows: true, keepResidentMs: true, expressionTimeLimitMs: true, recover: true, isolation: true, listen: true, inspect: true, retentionMs: true, sizeBudgetBytes: true,
  maxArtifactBytes: true, outputDir: true, models: true, secrets: true, remotes: true, queues: true, queueSettings: true, queueAlerts: true, onQueueAlert: true, machines: true,
  codecs: true, maxLoadedActors: true, kinds: true, debug: true,
};

/** What every store can do; the rest is the business of its type. */
const storeMethods = ['commit', 'close'] as const;

/**
 * Checks what `createRuntime` is given, as far as callers without types may get it wrong.
 *
 * @throws a `FlowError` with code `option_invalid` that says what is missing
 */
export function requireRuntimeOptions(options: RuntimeOptions): RuntimeOptions {
  const { store } = requireKnownKeys(options ?? {}, runtimeKeys, '`createRuntime`');
  if (typeof store === 'object' && store !== null && storeMethods.every(name => typeof store[name] === 'function')) return options;
  throw new FlowError('option_invalid', `Expected \`createRuntime\` to be given a \`store\`, got ${describeValue(store)}. Open one: \`openSqliteStore({ file: 'app.db' })\` of \`flowstone/sqlite\`, or \`createMemoryStore()\` for what need not be kept`);
}
