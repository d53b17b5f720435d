import type { Carrier } from './carrier.ts';
import { createPair } from './carrier.ts';
import type { SessionOptions } from './client-session.ts';
import { ClientSession } from './client-session.ts';
import { realBeat } from './heartbeat.ts';
import type { Scope } from './protocol.ts';

export type SessionsOptions = Omit<SessionOptions, 'closed' | 'beat'> & { readonly beat?: SessionOptions['beat']; readonly maxSessions?: number };

/** Connections at the same time. One more takes the place of the one that has been idle the longest. */
const defaultMaxSessions = 4_096;

/** All clients of one owner, whatever carries what they say. */
export class ClientSessions {
  readonly #options: SessionsOptions;
  /** In the order in which they came. */
  readonly #sessions = new Set<ClientSession>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Longest message that is taken, characters. */
  get maxLength(): number {
    return this.#options.maxLength;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Lets a client in.
   *
   * @param most scopes that it has at most, whatever it says of itself; default: those that it is admitted with
   */
  accept(carrier: Carrier, most?: readonly Scope[]): ClientSession {
    const { maxSessions = defaultMaxSessions, beat = realBeat } = this.#options;
    const idlest = this.#sessions.size < maxSessions ? undefined : this.#findIdle();
    idlest?.close('owner_busy', 'Others need the place of a connection that was idle', 0);
    const admit: SessionOptions['admit'] = token => {
      const scopes = this.#options.admit(token);
      return most ? scopes.filter(scope => most.includes(scope)) : scopes;
    };
    const session = new ClientSession(carrier, { ...this.#options, admit, beat, closed: () => void this.#sessions.delete(session) });
    if (idlest === undefined && this.#sessions.size >= maxSessions) {
      session.close('owner_busy', `Expected at most ${maxSessions} connections at work at the same time`, 1_000);
    }
    this.#sessions.add(session);
    return session;
  }

  /** One that never said hello first, then the oldest of those that do nothing. */
  #findIdle(): ClientSession | undefined {
    let idle: ClientSession | undefined;
    for (const session of this.#sessions) {
      if (!session.isOpen) return session;
      if (session.isIdle) idle ??= session;
    }
    return idle;
  }

  /** A connection of this process itself: what the caller does with its end is a client's affair. */
  connect(): Carrier {
    const [own, other] = createPair();
    this.accept(other);
    return own;
  }

  /** Answers what is under way, and hangs up. */
  async finish(code: string, message: string): Promise<void> {
    await Promise.all([...this.#sessions].map(session => session.finish(code, message)));
  }
}
