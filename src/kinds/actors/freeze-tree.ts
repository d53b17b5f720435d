import { FlowError } from '../../core/errors.ts';
import type { ActorTree } from './actor-tree.ts';
import type { Encoding, ValueCodec } from './encode-value.ts';
import { encodeValue } from './encode-value.ts';
import type { FrozenActor, FrozenTimer } from './frozen-tree.ts';
import type { ContextParts } from './large-values.ts';
import { encodeContext, findLarge, markLarge } from './large-values.ts';
import type { TreeTimer } from './tree-timers.ts';
import type { Inner } from './xstate-internals.ts';
import { isMachine, readNodes, refMark, toSystemId } from './xstate-internals.ts';

/** What leads out of a tree: handles of other actors, by their address. */
export interface Handles {
  toAddress(ref: Inner): string | undefined;
  toHandle(address: string): unknown;
}

/** Shorter texts of actors are not looked into. */
const minSearched = 2_048;

export const noHandles: Handles = { toAddress: () => undefined, toHandle: () => undefined };

export function createEncoding(tree: ActorTree, codecs: readonly ValueCodec[], handles: Handles): Encoding {
  return {
    codecs,
    toAddress: ref => {
      if (ref.system === tree.system) return { [refMark]: 1, id: ref.id, session: ref.sessionId };
      const address = handles.toAddress(ref);
      return address === undefined ? undefined : { [refMark]: 1, id: ref.id, address };
    },
  };
}

/**
 * The text of an actor, and the large values of its context, which are not in it.
 *
 * @throws a `FlowError` with code `actor_value_not_json` or `actor_not_storable`
 */
export function freezeActor(tree: ActorTree, actor: Inner, children: readonly string[] | undefined, encoding: Encoding, before: ContextParts): { readonly text: string; readonly parts: ContextParts } {
  const { context } = actor._snapshot;
  const name = actor._parent ? `${tree.toAddress(actor)}: context` : 'context';
  const { encoded, kept } = encodeContext(context, name, encoding, before);
  const toText = (stored: unknown): string => JSON.stringify(toFrozen(tree, actor, children, encoding, stored));
  const text = toText(encoded);
  const { values, searched } = before;
  // Looked for again when it has grown, or one that was large is no more.
  if (text.length < minSearched || (text.length < 2 * searched && kept.size === values.size)) return { text, parts: kept.size === 0 && values.size === 0 ? before : { values: kept, searched } };
  const found = findLarge(context, encoded, encoding);
  if (!found) return { text, parts: { values: kept, searched: text.length } };
  const rest = toText(markLarge(encoded, found.keys()));
  return { text: rest, parts: { values: new Map([...kept, ...found]), searched: rest.length } };
}

function toFrozen(tree: ActorTree, actor: Inner, children: readonly string[] | undefined, encoding: Encoding, context: unknown): FrozenActor {
  const { id, sessionId: session, _processingStatus: status, _parent: parent, _syncSnapshot, src } = actor;
  const systemId = toSystemId(actor);
  if (parent && typeof src !== 'string') {
    throw new FlowError('actor_not_storable', `Expected actor \`${tree.toAddress(actor)}\` to be spawned by name, or from a machine, got other logic that its machine makes while it runs; name it in \`setup({ actors })\` and spawn it by that name`);
  }
  const frozen = { id, session, status, snapshot: freezeSnapshot(tree, actor, encoding, context), children };
  return parent ? { ...frozen, parent: parent.sessionId, src: src as string, systemId, sync: _syncSnapshot ? true : undefined, run: tree.runs.get(session) } : { ...frozen, systemId };
}

/** Sessions of the actors that an actor lists as its own; undefined: none. */
export function listChildren({ _snapshot }: Inner): string[] | undefined {
  let sessions: string[] | undefined;
  for (const child of Object.values(_snapshot.children ?? {})) if (child) (sessions ??= []).push(child.sessionId);
  return sessions;
}

/** @throws a `FlowError` with code `actor_value_not_json` */
export function freezeTimer(tree: ActorTree, { number, dueAt, key, source, target, event, newest }: TreeTimer & { readonly newest: boolean }, encoding: Encoding): FrozenTimer {
  const to = target.system === tree.system ? target.sessionId : encodeValue(target, 'the target of a delayed event', encoding);
  return { number, dueAt, key, source: source.sessionId, target: to, event: encodeValue(event, 'event', encoding, true), newest: newest || undefined };
}

function freezeSnapshot(tree: ActorTree, actor: Inner, encoding: Encoding, context: unknown): Record<string, unknown> {
  const encodePart = (name: string, value: unknown): unknown => (value === undefined ? undefined : encodeValue(value, actor._parent ? `${tree.toAddress(actor)}: ${name}` : name, encoding));
  const { status, output, error, input, value } = actor._snapshot;
  const shared = { status, output: encodePart('output', output), error: error === undefined ? undefined : encodeError(error, encoding), context };
  if (!isMachine(tree.getOriginal(actor))) return { ...shared, input: encodePart('input', input) };
  return { ...shared, value, ...readNodes(actor) };
}

/** What was thrown may be anything; what is no JSON is kept as text. */
function encodeError(error: unknown, encoding: Encoding): unknown {
  try {
    return encodeValue(error, 'error', encoding, true);
  } catch {
    return encodeValue(new Error(String(error)), 'error', encoding, true);
  }
}
