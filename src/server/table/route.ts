import type { z } from 'zod';
import type { Scope } from '../../owner/protocol.ts';

/** One form of an answer. */
export interface AnswerDefinition {
  readonly about: string;
  /** Of the body, when that is JSON. Left out: there is no body, or it is no JSON. */
  readonly schema?: z.ZodType;
  /** Media types beside JSON, or in place of it where there is no schema. */
  readonly types?: readonly string[];
}

/**
 * How an answer is kept.
 *
 * `execution`, `actor`: its version is the newest row of the journal that speaks of the instance which the parameter `id` names. `all`:
 * the newest row of all. `body`: a digest of what is answered. Left out: it depends on the time, or changes something.
 */
export type CacheRule = 'execution' | 'actor' | 'all' | 'body';

/** One route: what is asked where, and what is answered. From this table come the server, OpenAPI, the client's types and the docs. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with `{parameters}`; `{name*}` takes slashes, too. */
  readonly path: string;
  /** What the token must let its bearer do; null: anybody may ask, and who has a token learns more. */
  readonly scope: Scope | null;
  /** One sentence. */
  readonly about: string;
  readonly group: string;
  /** Values of the path. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Further query parameters `label.NAME`. */
  readonly labels?: true;
  readonly body?: { readonly schema: z.ZodType; readonly types?: readonly string[]; readonly optional?: true };
  readonly answers: { readonly [status: number]: AnswerDefinition };
  /** Codes of problems that this route is likely to answer with. */
  readonly problems?: readonly string[];
  readonly cache?: CacheRule;
  /** Another method under which the same is answered. */
  readonly also?: 'POST' | 'PUT';
  /** Whether it is the predecessor's: words and forms are those of it. */
  readonly predecessor?: true;
}

export const defineRoutes = <const Routes extends { readonly [id: string]: RouteDefinition }>(routes: Routes): Routes => routes;
