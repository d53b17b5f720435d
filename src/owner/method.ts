import type { z } from 'zod';
import type { ReadyMessage } from './carrier.ts';
import type { Scope } from './protocol.ts';

/** What may be asked for, as data. */
export interface Method<Params = unknown> {
  readonly scope: Scope;
  readonly about: string;
  readonly params: z.ZodType<Params>;
  /** How a request is told from its repetition: `key` that is stored with the effect, or by what it says. Left out: it only reads. */
  readonly repeats?: 'key' | 'params' | undefined;
  /** Texts that must not be told are taken out of the answer. */
  readonly redacts?: boolean | undefined;
}

/** What may be subscribed to, as data. */
export interface Topic<Params = unknown> {
  readonly scope: Scope;
  readonly about: string;
  readonly params: z.ZodType<Params>;
  readonly redacts?: boolean | undefined;
}

export const defineMethod = <Params>(method: Method<Params>): Method<Params> => method;
export const defineTopic = <Params>(topic: Topic<Params>): Topic<Params> => topic;

/** The other end of a connection, as methods and topics tell one from another. */
export interface Peer {
  readonly scopes: readonly Scope[];
  /** Aborts when its connection has ended. Left out: its end is not known. */
  readonly closed?: AbortSignal | undefined;
}

export interface Call {
  readonly peer: Peer;
  /** Names the request; undefined: it is not repeated. */
  readonly key: string | undefined;
  /** It was sent before, and no answer came. */
  readonly again: boolean;
}

/** What a topic tells, in order; the first is a snapshot. */
export type Told =
  | { readonly type: 'snapshot'; readonly cursor: string | null; readonly data?: unknown; readonly reset?: true }
  | { readonly type: 'commit'; readonly cursor: string | null; readonly entries: readonly unknown[]; readonly more?: true }
  | { readonly type: 'volatile'; readonly data: unknown };

export interface Following {
  readonly peer: Peer;
  /** The cursor to go on from. */
  readonly after: string | undefined;
  /** Aborts when nobody follows any more. */
  readonly signal: AbortSignal;
  /** Whether the client has ended it in good order; of use once `signal` has aborted. */
  readonly isLeft: () => boolean;
}

export interface ServedMethod {
  readonly method: Method;
  readonly perform: (params: unknown, call: Call) => unknown;
}

export interface ServedTopic {
  readonly topic: Topic;
  readonly follow: (params: unknown, following: Following) => AsyncIterable<Told>;
  /** In place of `follow`, where many clients are told the same: what tells calls, with text that is made once. */
  readonly attach?: ((params: unknown, after: string | undefined, outlet: Outlet) => Attached) | undefined;
}

/** A subscription, as what tells many of them sees it. */
export interface Outlet {
  /** Its number in the messages of its connection. */
  readonly id: number;
  /** Whether it takes a message now: there is credit, and room. */
  readonly isReady: boolean;
  /** Tells; uses a credit. */
  tell(told: Extract<Told, { readonly type: 'snapshot' }> | ReadyMessage): void;
  /** There is nothing more to tell; undefined: in good order. */
  end(error?: unknown): void;
}

/** What tells an outlet. */
export interface Attached {
  /** It takes messages again. */
  resume(): void;
  /** Nobody follows any more. */
  detach(): void;
}

/** Everything that a connection can ask for. */
export interface Service {
  readonly methods: { readonly [name: string]: ServedMethod };
  readonly topics: { readonly [name: string]: ServedTopic };
}

type ParamsOf<Definition> = Definition extends { readonly params: z.ZodType<infer Params> } ? Params : never;

/** Puts methods and what performs them together. */
export function serveMethods<Methods extends { readonly [name: string]: Method }>(
  methods: Methods,
  perform: { readonly [Name in keyof Methods]: (params: ParamsOf<Methods[Name]>, call: Call) => unknown },
): Service['methods'] {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, { method: method as Method, perform: perform[name] as ServedMethod['perform'] }]));
}

/** Puts topics and what tells of them together. */
export function serveTopics<Topics extends { readonly [name: string]: Topic }>(
  topics: Topics,
  follow: { readonly [Name in keyof Topics]: (params: ParamsOf<Topics[Name]>, following: Following) => AsyncIterable<Told> },
): Service['topics'] {
  return Object.fromEntries(Object.entries(topics).map(([name, topic]) => [name, { topic: topic as Topic, follow: follow[name] as ServedTopic['follow'] }]));
}
