/**
 * What tells actors apart that had one id one after the other: the time at which they were spawned.
 *
 * The sessions of a tree begin with it, so messages, idempotency keys and ids of effects do, too. An id is free again only when
 * its actor has been deleted, which is after it has settled, and so at a later time than that of its spawn.
 */
export const createIncarnation = (createdAt: number): string => `${createdAt.toString(36)}.`;

/** The incarnation that a session belongs to; empty for actors that 0.2.0 stored, whose sessions are a number only. */
export const toIncarnation = (session: string): string => session.slice(sessionPrefix.length, session.lastIndexOf('.') + 1);

/** The number of a session in its tree, rising in the order in which actors begin. */
export const toSessionNumber = (session: string): number => Number(session.slice(Math.max(session.lastIndexOf('.') + 1, sessionPrefix.length)));

export const sessionPrefix = 'x:';
