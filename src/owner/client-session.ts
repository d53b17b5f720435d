import { FlowError, isFlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { didYouMean } from '../core/wording.ts';
import { AttachedSubscription } from './attached-subscription.ts';
import type { Carrier, CarrierEnd } from './carrier.ts';
import { ReadyMessage } from './carrier.ts';
import { checkFields } from './check-fields.ts';
import type { Beat } from './heartbeat.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Peer, Service } from './method.ts';
import type { ClientMessage, Message, OwnerMessage, Scope } from './protocol.ts';
import { protocolVersions, readMessage } from './protocol.ts';
import { redactValue } from './redact-value.ts';
import type { SubscriptionOptions } from './subscription.ts';
import { Subscription } from './subscription.ts';

export interface SessionOptions {
  readonly service: Service;
  readonly logger: Logger;
  /** Longest message that the carrier takes, characters. */
  readonly maxLength: number;
  /** What a token lets its bearer do. Throws a `FlowError` when nobody is let in now, or not with this one. */
  readonly admit: (token: string | undefined) => readonly Scope[];
  /** Takes texts that must not be told out of a text. */
  readonly redact: (text: string) => string;
  readonly beat: Beat;
  readonly closed: () => void;
}

/** Requests of one connection that are under way at the same time; nothing more is read above. */
const maxPending = 10_000;
/** Subscriptions of one connection at the same time. */
const maxSubscriptions = 1_000;
/** When to come again after the owner stops, ms. */
const comeAgainMs = 10;

/** What an owner of an older version is asked with; it has no other form for an answer. */
const isOlderRequest = (message: unknown): boolean => typeof message === 'object' && message !== null && 'command' in message;

/** The owner's end of a connection, over any carrier. */
export class ClientSession implements CarrierEnd {
  readonly #carrier: Carrier;
  readonly #options: SessionOptions;
  readonly #heartbeat: Heartbeat;
  readonly #pending = new Map<number, Promise<void>>();
  readonly #subscriptions = new Map<number, Subscription | AttachedSubscription>();
  readonly #ending = new AbortController();
  #peer: Peer | undefined;
  #isOver = false;
  #isPaused = false;

  constructor(carrier: Carrier, options: SessionOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.#heartbeat = new Heartbeat(options.beat, () => this.#ping(), () => this.#abandon());
    carrier.begin(this);
  }

  /** Whether it has said hello. */
  get isOpen(): boolean {
    return this.#peer !== undefined;
  }

  /** Whether nothing is asked and nothing followed. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#subscriptions.size === 0;
  }

  /** Says goodbye, and closes when that has left. */
  close(code: string, message: string, retryAfterMs: number | null = comeAgainMs): void {
    if (this.#isOver) return;
    this.#send({ type: 'goodbye', code, message, retryAfterMs });
    this.#end();
    this.#carrier.close();
  }

  /** Answers what is under way, then closes. */
  async finish(code: string, message: string): Promise<void> {
    await Promise.all(this.#pending.values());
    this.close(code, message);
  }

  // what comes

  take(value: unknown): void {
    if (this.#isOver) return;
    this.#heartbeat.note();
    if (!this.#peer && isOlderRequest(value)) return this.#refuseOlder();
    let message: ClientMessage;
    try {
      message = readMessage(value, 'client') as ClientMessage;
    } catch (error) {
      return this.#refuse(findId(value), error);
    }
    if (message.type === 'ping') return this.#send({ type: 'pong' });
    if (message.type === 'pong') return;
    if (message.type === 'goodbye') return this.#leave();
    if (message.type === 'hello') return this.#greet(message);
    if (!this.#peer) return this.close('hello_expected', `Expected \`hello\` before anything else, got \`${message.type}\``, null);
    if (message.type === 'request') this.#request(message, this.#peer);
    else if (message.type === 'subscribe') this.#subscribe(message, this.#peer);
    else if (message.type === 'credit') this.#subscriptions.get(message.id)?.addCredit(message.more);
    else this.#unsubscribe(message.id);
  }

  refuse(error: FlowError, isOver: boolean): void {
    if (this.#isOver) return;
    if (isOver) this.close(error.code, error.message, null);
    else this.#refuse(null, error);
  }

  drained(): void {
    this.#regulate();
    for (const subscription of this.#subscriptions.values()) subscription.noteRoom();
  }

  closed(): void {
    this.#end();
    this.#options.closed();
  }

  #greet({ versions, token }: Message<'hello'>): void {
    if (this.#peer) return this.#refuse(null, new FlowError('message_invalid', 'Expected one `hello` in a connection, got another'));
    const { admit, service, maxLength } = this.#options;
    const version = protocolVersions.find(known => versions.includes(known));
    if (version === undefined) {
      const spoken = versions.slice(0, 10).join(', ');
      return this.close('version_unsupported', `Expected a client that speaks version ${protocolVersions.join(' or ')} of the protocol, got one that speaks ${spoken}. Use the owner's version of Flowstone, or stop the owner and begin it anew with yours`, null);
    }
    try {
      this.#peer = { scopes: [...admit(token)], closed: this.#ending.signal };
    } catch (error) {
      if (!isFlowError(error)) throw error;
      return this.close(error.code, error.message, error.code.startsWith('runtime_') ? comeAgainMs : null);
    }
    const { methods, topics } = service;
    this.#send({ type: 'welcome', version, scopes: [...this.#peer.scopes], methods: Object.keys(methods), topics: Object.keys(topics), maxLength });
  }

  /** Its answers had a form of their own: it is told in that one. */
  #refuseOlder(): void {
    const message = 'This database is owned by a newer Flowstone, which takes no requests of this version. Use the owner\'s version, or stop the owner first';
    this.#carrier.send({ id: null, error: { code: 'version_unsupported', message } });
    this.#end();
    this.#carrier.close();
  }

  #request({ id, method: name, params = {}, key, again = false }: Message<'request'>, peer: Peer): void {
    try {
      const served = this.#find(id, this.#options.service.methods, name, { what: 'method', code: 'method_unknown' });
      this.#requireScope(served.method.scope, peer, name);
      const checked = checkFields(served.method.params, params, `the parameters of \`${name}\``, 'request_invalid');
      const done = this.#perform(id, async () => {
        const value = await served.perform(checked, { peer, key, again });
        return served.method.redacts ? redactValue(value, this.#options.redact) : value;
      });
      this.#pending.set(id, done);
      void done.finally(() => {
        this.#pending.delete(id);
        this.#regulate();
      });
      this.#regulate();
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  /** Never rejects. */
  async #perform(id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      const value = await work();
      this.#send({ type: 'result', id, ...(value !== undefined && { value }) });
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #subscribe({ id, topic: name, params = {}, after, credit }: Message<'subscribe'>, peer: Peer): void {
    try {
      const topic = this.#find(id, this.#options.service.topics, name, { what: 'topic', code: 'topic_unknown' });
      this.#requireScope(topic.topic.scope, peer, name);
      if (this.#subscriptions.size >= maxSubscriptions) {
        throw new FlowError('subscriptions_too_many', `Expected at most ${maxSubscriptions} subscriptions of one connection. End some, or open another connection`);
      }
      const checked = checkFields(topic.topic.params, params, `the parameters of \`${name}\``, 'request_invalid');
      let isOver = false;
      const options: SubscriptionOptions = {
        id, topic, params: checked, after, credit, peer,
        isFull: () => this.#carrier.isFull,
        send: message => this.#send(message),
        redact: value => redactValue(value, this.#options.redact),
        ended: error => {
          isOver = true;
          this.#subscriptions.delete(id);
          this.#refuse(id, error ?? new FlowError('topic_ended', `There is nothing more to tell of \`${name}\``));
        },
      };
      const subscription = topic.attach ? new AttachedSubscription(options, topic.attach) : new Subscription(options);
      if (!isOver) this.#subscriptions.set(id, subscription);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #unsubscribe(id: number): void {
    const subscription = this.#subscriptions.get(id);
    this.#subscriptions.delete(id);
    subscription?.end(true);
  }

  #find<Served>(id: number, served: { readonly [name: string]: Served }, name: string, { what, code }: { readonly what: string; readonly code: string }): Served {
    if (this.#pending.has(id) || this.#subscriptions.has(id)) {
      throw new FlowError('message_invalid', `Expected a number that no open request or subscription has, got ${id}`);
    }
    const found = Object.hasOwn(served, name) ? served[name] : undefined;
    if (found !== undefined) return found;
    throw new FlowError(code, `Expected the name of a ${what} that the owner has, got \`${name}\`${didYouMean(name, Object.keys(served))}. The owner may run an older Flowstone`, { details: { [what]: name } });
  }

  #requireScope(scope: Scope, { scopes }: Peer, name: string): void {
    if (scopes.includes(scope)) return;
    throw new FlowError('scope_missing', `Expected a connection with the scope \`${scope}\` for \`${name}\`, this one has ${scopes.map(one => `\`${one}\``).join(', ') || 'none'}`, { details: { scope } });
  }

  // what goes out

  #refuse(id: number | null, error: unknown): void {
    const isOurs = isFlowError(error);
    if (!isOurs) this.#options.logger.error({ err: error }, 'a request of a client failed');
    const code = isOurs ? error.code : 'request_failed';
    const text = error instanceof Error ? error.message : String(error);
    const details = isOurs && error.details ? (JSON.parse(this.#options.redact(JSON.stringify(error.details))) as Record<string, unknown>) : undefined;
    this.#send({ type: 'error', id, code, message: this.#options.redact(text), ...(details && { details }) });
  }

  #send(message: OwnerMessage | ReadyMessage): void {
    if (this.#isOver) return;
    try {
      this.#carrier.send(message);
    } catch (error) {
      if (message instanceof ReadyMessage || message.type === 'error') throw error;
      // What cannot be carried is said; of a subscription it is the end.
      const id = 'id' in message ? message.id : null;
      if (message.type !== 'result' && id !== null) this.#unsubscribe(id);
      this.#refuse(id, error);
    }
    if (this.#carrier.isFull) this.#regulate();
  }

  /** Reads on only as long as answers are taken: whoever asks and does not listen waits. */
  #regulate(): void {
    const isTooMuch = this.#pending.size >= maxPending || this.#carrier.isFull;
    if (isTooMuch === this.#isPaused || this.#isOver) return;
    this.#isPaused = isTooMuch;
    if (isTooMuch) this.#carrier.pause();
    else this.#carrier.resume();
  }

  // the end

  #ping(): void {
    if (this.#peer) this.#send({ type: 'ping' });
    else this.close('hello_expected', 'Expected `hello` soon after the connection was made', null);
  }

  /** Nothing was heard for too long. While it is this end that does not listen, that says nothing. */
  #abandon(): void {
    if (this.#isPaused && !this.#carrier.isFull) return;
    this.#send({ type: 'goodbye', code: 'client_silent', message: 'Nothing came for too long', retryAfterMs: 0 });
    this.#end();
    this.#carrier.destroy();
  }

  #leave(): void {
    this.#end();
    this.#carrier.close();
  }

  #end(): void {
    this.#isOver = true;
    this.#ending.abort();
    this.#heartbeat.stop();
    for (const subscription of this.#subscriptions.values()) subscription.end(false);
    this.#subscriptions.clear();
  }
}

function findId(value: unknown): number | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : null;
}
