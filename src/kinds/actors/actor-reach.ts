import type { NamedRequest } from '../../engine/kind.ts';
import type { ActorCommand } from './actor-commands.ts';
import { requireEvent } from './durable-actor.ts';
import type { MachineRuntime } from './machine-api.ts';

/** What other processes can do to the actors of this one. Both answer false when the actor had ended before. */
export interface ActorReach {
  sendToActor(address: string, event: { readonly type: string }, request?: NamedRequest): Promise<boolean>;
  stopActor(address: string, request?: NamedRequest): Promise<boolean>;
}

/** @param send tells the actors in one of the next ticks; answers after the commit */
export function createActorReach({ actor }: MachineRuntime, send: (command: ActorCommand, request?: NamedRequest) => Promise<unknown>): ActorReach {
  const toRootId = (address: string): string => address.split('/', 1)[0] ?? '';
  return {
    async sendToActor(address, event, request) {
      const { sessionId: session } = await actor(address);
      return (await send({ type: 'event', id: toRootId(address), session, event: requireEvent(event), called: true }, request)) === true;
    },
    async stopActor(address, request) {
      const handle = await actor(address);
      const id = toRootId(address);
      // One below another is refused by its handle.
      return address === id ? (await send({ type: 'stop', id, session: handle.sessionId }, request)) === true : handle.stop();
    },
  };
}
