import type { AnyStateMachine } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import type { KeysOf } from '../../core/known-keys.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue } from '../../core/wording.ts';
import { stepActorPrefix } from '../../kernel/actor-call.ts';
import type { SpawnOptions } from './machine-api.ts';
import { requirePromiseOptions } from './promise-runs.ts';

const keys: KeysOf<SpawnOptions<AnyStateMachine>> = { id: true, input: true, promises: true, snapshot: true, systemId: true };

/** Options of XState's `createActor` that mean something here, elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  clock: 'all actors of a runtime have the `clock` of createRuntime',
  inspect: 'give `inspect` to createRuntime',
  logger: 'give a `logger` to createRuntime',
  state: 'give what `getPersistedSnapshot()` gave as `snapshot`',
};

/** Checks what an actor is spawned with. @throws a `FlowError` with code `option_invalid` */
export function requireSpawnOptions(given: SpawnOptions<AnyStateMachine> | undefined): SpawnOptions<AnyStateMachine> {
  if (typeof given !== 'object' || given === null) throw new FlowError('option_invalid', `Expected options with an \`id\`, got ${describeValue(given)}`);
  requireId(given.id);
  requireKnownKeys(given, keys, '`spawn`', 'option_invalid', elsewhere);
  const { systemId } = given;
  if (systemId !== undefined && (typeof systemId !== 'string' || systemId === '')) throw new FlowError('option_invalid', `Expected \`systemId\` to be a text, got ${describeValue(systemId)}`);
  requirePromiseOptions(given.promises);
  return given;
}

function requireId(id: unknown): string {
  if (typeof id === 'string' && id.startsWith(stepActorPrefix)) throw new FlowError('option_invalid', `Expected \`id\` not to begin with \`${stepActorPrefix}\`, which marks actors that are steps of flows, got \`${id}\``);
  if (typeof id === 'string' && id !== '' && id.length <= 200 && !/[/#]/.test(id) && id.isWellFormed()) return id;
  throw new FlowError('option_invalid', `Expected \`id\` to be a text of at most 200 whole characters without \`/\` and \`#\`, got ${describeValue(id)}`);
}
