import type { MachineRuntime } from './machine-api.ts';

/** What other processes can do to the actors of this one. Both answer false when the actor had ended before. */
export interface ActorReach {
  sendToActor(address: string, event: { readonly type: string }): Promise<boolean>;
  stopActor(address: string): Promise<boolean>;
}

export function createActorReach({ actor }: MachineRuntime): ActorReach {
  return {
    sendToActor: async (address, event) => (await actor(address)).send(event as never),
    stopActor: async address => (await actor(address)).stop(),
  };
}
