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
