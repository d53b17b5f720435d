import { stepActorPrefix } from '../../kernel/actor-call.ts';

/** The name of an actor, among all that can stand still. */
export const toActorKey = (id: string): string => `actor:${id}`;

/** An actor that is a step stands where its step does. */
export const toActorPath = (id: string): string => (id.startsWith(stepActorPrefix) ? id.slice(stepActorPrefix.length) : toActorKey(id));
