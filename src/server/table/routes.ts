import { catalogRoutes } from './catalog-routes.ts';
import { executionRoutes } from './execution-routes.ts';
import { predecessorRoutes } from './predecessor-routes.ts';
import { queueRoutes } from './queue-routes.ts';
import type { RouteDefinition } from './route.ts';
import { systemRoutes } from './system-routes.ts';

/** What is before each path. */
export const basePath = '/api/v1';

/** Everything that can be asked over HTTP: the one table that the server, OpenAPI, the client's types and the docs are made from. */
export const routes = { ...systemRoutes, ...executionRoutes, ...catalogRoutes, ...queueRoutes, ...predecessorRoutes } as const satisfies { readonly [id: string]: RouteDefinition };

/** Types of what is asked and answered, for clients: `z.input` of what they send, `z.output` of what they get. */
export type Api = typeof routes;
export type RouteId = keyof Api;
