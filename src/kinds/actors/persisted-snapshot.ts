import type { AnyStateMachine } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { ActorSources } from './actor-sources.ts';
import type { Inner } from './xstate-internals.ts';
import { isMachine, resolveLogic } from './xstate-internals.ts';

/** What XState's `getPersistedSnapshot()` gives. */
export interface PersistedSnapshot {
  readonly status: string;
  readonly children?: Readonly<Record<string, { readonly snapshot: PersistedSnapshot; src?: unknown }>>;
}

const refuse = (found: string): never => {
  throw new FlowError('option_invalid', `Expected \`snapshot\` to be what \`getPersistedSnapshot()\` of this machine gave, got ${found}`);
};

/** @throws a `FlowError` with code `option_invalid` */
export function requireSnapshot(given: unknown): object | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'object' || typeof (given as Partial<PersistedSnapshot>).status !== 'string') return refuse(describeValue(given));
  if ('machine' in given) return refuse('what `getSnapshot()` gives, which has functions in it');
  return { ...given, children: (given as Partial<PersistedSnapshot>).children ?? {} };
}

/** Puts the logic of children that were spawned by value in place of the names that a durable actor gives for it, as XState takes it. */
export function resolveSources(machine: AnyStateMachine, { children = {} }: PersistedSnapshot, sources: ActorSources): void {
  for (const child of Object.values(children)) {
    if (typeof child.src !== 'string') continue;
    const logic = sources.find(machine, child.src);
    if (logic && !resolveLogic(machine, child.src)) child.src = logic;
    if (isMachine(logic)) resolveSources(logic, child.snapshot, sources);
  }
}

/** Whether XState has restored what it was given: what it leaves out in silence is said. @throws a `FlowError` with code `option_invalid` */
export function requireResumed({ _snapshot, id }: Inner, { status, children = {} }: PersistedSnapshot): void {
  if (_snapshot.status === 'error' && status !== 'error') return refuse(`one that it cannot go on from: ${(_snapshot.error as Error).message}`);
  for (const [childId, { src, snapshot }] of Object.entries(children)) {
    const child = _snapshot.children?.[childId];
    if (!child) return refuse(`one in which \`${id}/${childId}\` was spawned from \`${String(src)}\`; it has no such actor`);
    requireResumed(child, snapshot);
  }
}
