import { toWithError } from './wait.ts';
import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import { builtInStepKinds, onlyWaits } from './built-in-step-kinds.ts';
import type { StepKind, StepRole } from './step-kind.ts';

/** All kinds of steps there are, by name. */
const kinds = new Map(builtInStepKinds.map(kind => [kind.name, kind]));

const kindKeys: KeysOf<StepKind> = {
  name: true, form: true, target: true, role: true, refuses: true, withKeys: true, check: true, code: true, wakeAt: true, signal: true, message: true, describe: true,
  brackets: true, sample: true,
};

/**
 * Adds a kind of step: from now on flows can say its name in `uses`.
 *
 * Flows that use it are read, run, drawn and tested as all others. Whatever process reads or runs them has to have called
 * this first; a process without it refuses them, and leaves what is stored as it is. What a step *does* is the business of
 * tools: a kind says how it waits, or which tool it means. Defined once more under its name, it takes the first one's place.
 *
 * @example
 * ```ts
 * import { defineStepKind } from 'flowstone/kit';
 *
 * const hourMs = 3_600_000;
 * defineStepKind({
 *   name: 'next_hour',
 *   form: 'next_hour',
 *   role: 'sleep',
 *   wakeAt: (_value, now) => Math.ceil((now + 1) / hourMs) * hourMs,
 *   describe: () => 'waits for the full hour',
 * });
 * ```
 *
 * @throws a `FlowError` with code `step_kind_invalid`
 */
export function defineStepKind(kind: StepKind): StepKind {
  requireKnownKeys(kind, kindKeys, '`defineStepKind`', 'step_kind_invalid');
  const { name, role } = kind;
  const refuse = (what: string, found: unknown): never => {
    throw new FlowError('step_kind_invalid', `Expected ${what}, got ${describeValue(found)}`);
  };
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,49}$/.test(name)) refuse('`name` to be a word of small letters, digits and `_`', name);
  if (role !== 'task' && role !== 'sleep' && role !== 'signal') refuse(`\`role\` of \`${name}\` to be \`task\`, \`sleep\` or \`signal\``, role);
  if (role === 'sleep' && typeof kind.wakeAt !== 'function') refuse(`\`${name}\` to say with \`wakeAt\` when a step of it ends`, kind.wakeAt);
  if (role === 'signal' && typeof kind.signal !== 'function') refuse(`\`${name}\` to say with \`signal\` which signal a step of it waits for`, kind.signal);
  if (builtInStepKinds.some(builtIn => builtIn.name === name)) refuse('`name` to be none of the kinds that Flowstone has', name);
  const added = role === 'task' || kind.refuses ? kind : { ...kind, refuses: onlyWaits };
  kinds.set(name, added);
  return added;
}

export const isStepKind = (value: unknown): boolean => listStepKinds().some(kind => kind === value);

export const listStepKinds = (): readonly StepKind[] => [...kinds.values()];

/** Reads `uses`; undefined: no kind is written so. */
export function readUses(uses: string): { readonly kind: StepKind; readonly target: string } | undefined {
  const colon = uses.indexOf(':');
  const kind = kinds.get(colon < 0 ? uses : uses.slice(0, colon));
  if (!kind || (kind.target === undefined) !== (colon < 0)) return undefined;
  if (!kind.target) return { kind, target: kind.name };
  const target = uses.slice(colon + 1);
  return kind.target.test(target) ? { kind, target } : undefined;
}

/** How `uses` may be written, for messages. */
export function describeUses(): string {
  const forms = listStepKinds().map(({ form }) => `\`${form}\``);
  return `${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}`;
}

/** How long a step sleeps, ms; null: that depends on when it begins, on expressions, or it does not sleep. */
export function readSleepMs({ kind, with: given }: { readonly kind: StepKind; readonly with: { readonly constant: boolean; readonly value: unknown } | null }): number | null {
  const { wakeAt } = kind;
  if (!wakeAt || (given && !given.constant)) return null;
  const [early, late] = [0, 123_456_789].map(now => wakeAt(given?.value, now) - now);
  return early === late ? (early ?? null) : null;
}

/**
 * Begins the wait of a step: checks what its `with` has come to, and says when the wait ends.
 *
 * @returns epoch ms; undefined: it does not end by itself, or the step does not wait
 * @throws a `FlowError` with the code of the kind, `with_invalid` by default
 */
export function startWait({ kind, role, timeoutMs }: { readonly kind: StepKind; readonly role: StepRole; readonly timeoutMs: number | null }, value: unknown, now: number): number | undefined {
  const mistake = kind.check?.(value);
  if (mistake) throw toWithError(kind.code ?? 'with_invalid', mistake);
  if (kind.wakeAt) return kind.wakeAt(value, now);
  return role === 'task' || timeoutMs === null ? undefined : now + timeoutMs;
}
