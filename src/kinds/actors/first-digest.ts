import { createHash } from 'node:crypto';
import type { AnyStateMachine, StateNode } from 'xstate';

function toStructure(node: StateNode): unknown {
  const { key, id, type, history } = node;
  const transitions = [...node.transitions].map(([event, list]) => [event, list.map(({ target, reenter }) => [target?.map(to => to.id) ?? null, reenter])]);
  const always = node.always?.map(({ target }) => target?.map(to => to.id) ?? null);
  const invoke = node.invoke.map(({ src, id: invokeId }) => [src, invokeId]);
  return [key, id, type, history, transitions, always ?? [], invoke, type === 'compound' ? (node.initial.target[0] as { id: string } | undefined)?.id : null, Object.values(node.states).map(child => toStructure(child as StateNode))];
}

/** The digest that 0.2.0 stored actors with: of the root machine alone. It stays as it is. */
export const computeFirstDigest = (machine: AnyStateMachine): string =>
  createHash('sha256').update(JSON.stringify([machine.id, (machine as { version?: unknown }).version ?? '', toStructure(machine.root as unknown as StateNode)])).digest('hex');
