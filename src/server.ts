export type { AuthOptions, TokenGrant } from './server/authority.ts';
export type { GuardOptions } from './server/guard.ts';
export type { Listening, ListenOptions } from './server/listener.ts';
export type { Asker, CreatePart, FeedSource, PartRoute, PartUpgrade, ServerContext, ServerPart } from './server/part.ts';
export type { Server, ServerOptions } from './server/server.ts';
export { createServer } from './server/server.ts';
export type { StoreSource } from './server/source.ts';
