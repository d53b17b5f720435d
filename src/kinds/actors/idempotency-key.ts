import { sessionPrefix } from './incarnation.ts';
import type { Inner } from './xstate-internals.ts';

// Apart from what hosts actors: a program that only names it has no need of XState yet.

interface Tree {
  toAddress(actor: Inner): string;
}

const trees = new WeakMap<object, Tree>();

/** Has the actors of a system found by their tree. */
export const noteTree = (system: object, tree: Tree): void => void trees.set(system, tree);

/**
 * What is the same in every run of one incarnation of an actor: an invoked promise can hand it to whoever must not do its work twice.
 *
 * @example `fromPromise(({ self, input }) => pay(input, { idempotencyKey: idempotencyKeyOf(self) }))`
 */
export function idempotencyKeyOf(self: { readonly sessionId: string; readonly system: unknown }): string {
  const tree = trees.get(self.system as object);
  return tree ? `${tree.toAddress(self as Inner)}#${self.sessionId.slice(sessionPrefix.length)}` : self.sessionId;
}
