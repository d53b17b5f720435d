import { createHash, timingSafeEqual } from 'node:crypto';
import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';
import type { Scope } from '../owner/protocol.ts';
import { allScopes, usualScopes } from '../owner/protocol.ts';

/** A token, and what its bearer may do. */
export interface TokenGrant {
  /** At least 16 characters; make it of 32 random bytes. */
  readonly token: string;
  /** Default: all of them but `debug`. */
  readonly scopes?: readonly Scope[];
}

/** Who is let in. What is not named here is refused. */
export interface AuthOptions {
  /** A token that may do everything but `debug`. */
  readonly token?: string;
  /** Further tokens, each with what it may do. */
  readonly tokens?: readonly TokenGrant[];
  /** What may be done without a token. Default: nothing. For programs whose requests come from nowhere else, such as Electron. */
  readonly anonymous?: readonly Scope[];
}

const minTokenLength = 16;
const maxTokenLength = 4_096;

interface Grant {
  readonly digest: Buffer;
  readonly scopes: readonly Scope[];
}

/** Digests are of one length, whatever was sent: what the comparison takes says nothing about the token. */
const toDigest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Decides what the bearer of a token may do. */
export class Authority {
  /** What may be done without a token. */
  readonly anonymous: readonly Scope[];
  readonly #grants: readonly Grant[];

  /** @throws a `FlowError` with code `option_invalid` */
  constructor({ token, tokens = [], anonymous = [] }: AuthOptions) {
    const given: readonly TokenGrant[] = token === undefined ? tokens : [{ token }, ...tokens];
    this.#grants = given.map(toGrant);
    this.anonymous = requireScopes(anonymous);
    if (this.#grants.length > 0 || this.anonymous.length > 0) return;
    throw new FlowError('option_invalid', 'Expected `auth` to name a token, or what may be done without one, got neither: nobody could be let in');
  }

  /** What a token lets its bearer do; undefined: it is none of these. Takes the same time for each. */
  admit(token: string | undefined): readonly Scope[] | undefined {
    if (token === undefined) return this.anonymous.length > 0 ? this.anonymous : undefined;
    if (token.length > maxTokenLength) return undefined;
    const digest = toDigest(token);
    let found: readonly Scope[] | undefined;
    for (const { digest: own, scopes } of this.#grants) if (timingSafeEqual(own, digest)) found ??= scopes;
    return found;
  }

  /** As `admit`, by the `Authorization` header of a request. */
  admitRequest(headers: Headers): readonly Scope[] | undefined {
    const header = headers.get('authorization');
    if (header === null) return this.admit(undefined);
    const [, token] = /^Bearer +([^\s]+) *$/i.exec(header) ?? [];
    return token === undefined ? undefined : this.admit(token);
  }
}

function toGrant({ token, scopes = usualScopes }: TokenGrant): Grant {
  if (typeof token !== 'string' || token.length < minTokenLength || token.length > maxTokenLength || /[^\x21-\x7e]/.test(token)) {
    const got = typeof token === 'string' ? `one of ${token.length}` : describeValue(token);
    throw new FlowError('option_invalid', `Expected a token to be ${minTokenLength} to ${maxTokenLength} visible ASCII characters, got ${got}. Make one of 32 random bytes`);
  }
  return { digest: toDigest(token), scopes: requireScopes(scopes) };
}

function requireScopes(scopes: readonly Scope[]): readonly Scope[] {
  const unknown = scopes.find(scope => !allScopes.includes(scope));
  if (unknown === undefined) return scopes;
  throw new FlowError('option_invalid', `Expected a scope to be one of ${allScopes.join(', ')}, got ${describeValue(unknown)}`);
}
