import { FlowError } from '../../core/errors.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue } from '../../core/wording.ts';
import type { Queue } from './define-queue.ts';
import type { Priority } from './priority.ts';
import { toPriority } from './priority.ts';

/** What a deployment may set for a queue, over its declaration. */
export interface QueueSettings {
  readonly workers?: number;
  readonly priority?: Priority;
  readonly maxAttempts?: number;
  readonly maxInterruptions?: number;
  readonly visibilityTimeoutMs?: number;
  readonly maxDepth?: number;
}

const counts = ['workers', 'maxAttempts', 'maxInterruptions', 'visibilityTimeoutMs', 'maxDepth'] as const;
const keys: KeysOf<QueueSettings> = { workers: true, priority: true, maxAttempts: true, maxInterruptions: true, visibilityTimeoutMs: true, maxDepth: true };

/**
 * Lays configuration and environment over a queue's declaration; the environment has the last word.
 *
 * The variables are `FLOWSTONE_QUEUE_<NAME>_<SETTING>`, in capitals, with `_` for every character that is not a letter or
 * digit: `FLOWSTONE_QUEUE_ROLLBACK_TRIGGERS_WORKERS=4`, `…_MAX_ATTEMPTS=5`, `…_PRIORITY=high`.
 *
 * @throws a `FlowError` with code `option_invalid` that names the variable or the setting
 */
export function applySettings<Payload>(queue: Queue<Payload, string, unknown>, settings: QueueSettings | undefined, environment: Readonly<Record<string, string | undefined>>): Queue<Payload, string, unknown> {
  if (settings !== undefined) requireKnownKeys(settings, keys, `\`queueSettings\` of queue "${queue.name}"`);
  const changes: { -readonly [Name in (typeof counts)[number] | 'priority']?: number } = {};
  for (const name of counts) {
    const variable = toVariable(queue.name, name);
    const text = environment[variable];
    const value = text === undefined ? settings?.[name] : readInteger(text);
    if (value === undefined && text === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < 1) throw refuse(text === undefined ? `queueSettings["${queue.name}"].${name}` : variable, text ?? value);
    changes[name] = value as number;
  }
  const variable = toVariable(queue.name, 'priority');
  const text = environment[variable];
  if (text !== undefined) changes.priority = toPriority(readInteger(text) ?? text, variable);
  else if (settings?.priority !== undefined) changes.priority = toPriority(settings.priority, `queueSettings["${queue.name}"].priority`);
  const { maxAttempts = queue.maxAttempts } = changes;
  return Object.freeze({ ...queue, ...changes, backoff: { ...queue.backoff, maxAttempts } });
}

/** Names the environment variable of one setting of a queue. */
export function toVariable(queue: string, setting: string): string {
  const words = setting.replaceAll(/[A-Z]/g, letter => `_${letter}`);
  return `FLOWSTONE_QUEUE_${queue.replaceAll(/[^A-Za-z0-9]/g, '_')}_${words}`.toUpperCase();
}

const readInteger = (text: string): number | undefined => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined);

function refuse(name: string, value: unknown): FlowError {
  return new FlowError('option_invalid', `Expected \`${name}\` to be an integer ≥ 1, got ${describeValue(value)}`);
}
