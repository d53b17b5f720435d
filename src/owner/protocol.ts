import { z } from 'zod';
import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';
import { checkFields } from './check-fields.ts';

/** Versions of the protocol that this program speaks, the newest first. */
export const protocolVersions: readonly number[] = [1];

/** What a connection may do. */
export const scopes = {
  read: 'look at executions, actors and queues, and follow what happens',
  run: 'start, signal, cancel, retry and resume executions; publish and handle messages; talk to actors',
  operate: 'delete, purge and redrive',
  debug: 'have executions and actors stand still, and let them go on message by message',
} as const;
export type Scope = keyof typeof scopes;
export const allScopes: readonly Scope[] = ['read', 'run', 'operate', 'debug'];
/** Those that a token has unless it says so: who debugs is asked for by name. */
export const usualScopes: readonly Scope[] = ['read', 'run', 'operate'];

const maxCredit = 1_000_000;
const id = z.int().nonnegative().describe('number of the request or subscription, unlike any other that is open');
const cursor = z.string().nullable().describe('behind what is told; null: the topic has no places to go on from');
const details = z.record(z.string(), z.unknown()).optional().describe('plain values that say more');

export interface MessageKind {
  /** Who sends it. */
  readonly from: 'client' | 'owner' | 'both';
  readonly about: string;
  readonly fields: z.ZodObject;
}

const defineMessage = <Shape extends z.ZodRawShape>(from: MessageKind['from'], about: string, shape: Shape) =>
  ({ from, about, fields: z.strictObject(shape) });

/** Every message there is. Methods and topics are added, messages are not. */
export const messages = {
  hello: defineMessage('client', 'The first message: what the client speaks, and by what right it comes.', {
    versions: z.array(z.int()).min(1).max(100).describe('of the protocol that it speaks'),
    token: z.string().max(4_096).optional().describe('left out where the carrier says who it is'),
  }),
  welcome: defineMessage('owner', 'The answer to `hello`.', {
    version: z.int().describe('of the protocol that is spoken from here on'),
    scopes: z.array(z.string()).describe('what the connection may do'),
    methods: z.array(z.string()).describe('names of the methods that there are'),
    topics: z.array(z.string()).describe('names of the topics that there are'),
    maxLength: z.int().describe('longest message that the owner takes, characters'),
  }),
  request: defineMessage('client', 'Asks for something to be done. Answered once, by `result` or `error`.', {
    id,
    method: z.string().max(100),
    params: z.record(z.string(), z.unknown()).optional().describe('of the method; left out: none'),
    key: z.string().min(1).max(200).optional().describe('names what is asked for, so that it is done once however often it is sent'),
    again: z.boolean().optional().describe('it was sent before, and no answer came'),
  }),
  result: defineMessage('owner', 'The answer to a request: it was done, and is stored.', { id, value: z.unknown().optional() }),
  error: defineMessage('owner', 'The answer to a request, or the end of a subscription: it could not be done.', {
    id: id.nullable().describe('null: what came could not be read'),
    code: z.string(),
    message: z.string(),
    details,
  }),
  subscribe: defineMessage('client', 'Asks to be told of a topic: a `snapshot` first, then a `commit` for everything that is stored.', {
    id,
    topic: z.string().max(100),
    params: z.record(z.string(), z.unknown()).optional().describe('of the topic; left out: none'),
    after: z.string().max(200).optional().describe('a cursor: what came after it'),
    credit: z.int().nonnegative().max(maxCredit).describe('messages that the client takes before it gives more credit'),
  }),
  snapshot: defineMessage('owner', 'Where a subscription begins. Takes a credit.', {
    id,
    cursor,
    data: z.unknown().optional(),
    reset: z.boolean().optional().describe('what followed the cursor that was given cannot be told any more'),
  }),
  commit: defineMessage('owner', 'What was stored since. Takes a credit.', {
    id,
    cursor,
    entries: z.array(z.unknown()),
    more: z.boolean().optional().describe('what belongs together goes on in the next message'),
  }),
  credit: defineMessage('client', 'Takes so many messages more.', { id, more: z.int().positive().max(maxCredit) }),
  unsubscribe: defineMessage('client', 'Ends a subscription.', { id }),
  volatile: defineMessage('owner', 'Something that is not stored. Takes no credit, and is dropped when the client is slow.', {
    id,
    data: z.unknown(),
  }),
  goodbye: defineMessage('both', 'The last message: the connection ends.', {
    code: z.string(),
    message: z.string().optional(),
    retryAfterMs: z.number().nonnegative().nullable().describe('when to come again; null: it would be no use'),
  }),
  ping: defineMessage('both', 'Asks for a `pong`. Sent every 15 seconds; after two without a word the connection ends.', {}),
  pong: defineMessage('both', 'The answer to `ping`.', {}),
} as const satisfies { readonly [type: string]: MessageKind };

type Messages = typeof messages;
type MessageType = keyof Messages;
type Fields<Type extends MessageType> = z.infer<Messages[Type]['fields']>;
/** A message, by its type. */
export type Message<Type extends MessageType> = {
  readonly [Each in Type]: { readonly type: Each } & (Fields<Each> extends Record<string, never> ? unknown : Readonly<Fields<Each>>)
}[Type];

export type ClientMessage = Message<'hello' | 'request' | 'subscribe' | 'credit' | 'unsubscribe' | 'goodbye' | 'ping' | 'pong'>;
export type OwnerMessage = Message<'welcome' | 'result' | 'error' | 'snapshot' | 'commit' | 'volatile' | 'goodbye' | 'ping' | 'pong'>;

const kinds: { readonly [type: string]: MessageKind } = messages;

/**
 * Reads what came from the other end.
 *
 * @throws a `FlowError` with code `message_invalid`, `message_unknown` or `field_unknown`
 */
export function readMessage(value: unknown, from: 'client' | 'owner'): ClientMessage | OwnerMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FlowError('message_invalid', `Expected a message, a JSON object with \`type\`, got ${describeValue(value)}`);
  }
  const { type, ...rest } = value as { readonly type?: unknown };
  const kind = typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind || (kind.from !== 'both' && kind.from !== from)) {
    throw new FlowError('message_unknown', `Expected a message that ${from === 'client' ? 'a client' : 'an owner'} sends, got one of type ${describeValue(type)}`);
  }
  return { type, ...checkFields(kind.fields, rest, `the message \`${String(type)}\``, 'message_invalid') } as ClientMessage | OwnerMessage;
}
