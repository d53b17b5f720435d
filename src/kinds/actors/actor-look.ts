import type { HostedActor } from './hosted-actor.ts';
import type { AnySnapshot, Inner } from './xstate-internals.ts';

/** An actor as it stands. */
export interface Look {
  readonly id: string;
  readonly address: string;
  readonly session: string;
  /** The name of its logic; undefined: it is a root. */
  readonly src?: string | undefined;
  readonly snapshot: AnySnapshot;
}

export const toLook = ({ id, tree }: HostedActor, inner: Inner): Look => ({ id, address: tree.toAddress(inner), session: inner.sessionId, src: inner._parent && String(inner.src), snapshot: inner._snapshot });

/** The actor at a path from another. Ids of children may have a slash in them, so that a part of the path may be part of one. */
export function findBelow(actor: Inner, path: readonly string[]): Inner | undefined {
  if (path.length === 0) return actor;
  const { children = {} } = actor._snapshot;
  for (let end = 1; end <= path.length; end++) {
    const id = path.slice(0, end).join('/');
    const child = Object.hasOwn(children, id) ? children[id] : undefined;
    const found = child && findBelow(child, path.slice(end));
    if (found) return found;
  }
  return undefined;
}
