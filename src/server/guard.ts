import { FlowError } from '../core/errors.ts';

/** Names under which only this machine is reached. */
const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface GuardOptions {
  /** Further names, without a port, by which the server may be called. */
  readonly hosts?: readonly string[];
  /** Further pages that may call it, as `http://localhost:5173`. */
  readonly origins?: readonly string[];
}

/**
 * Refuses requests that a page of somebody else has made a browser send.
 *
 * By its name: a page whose name was made to point here (DNS rebinding) still calls the server by that name. By its origin:
 * a browser says which page a request is from, unless it is a plain `GET` of the page's own server.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor({ hosts = [], origins = [] }: GuardOptions) {
    this.#hosts = new Set([...loopback, ...hosts.map(host => host.toLowerCase())]);
    this.#origins = new Set(origins.map(origin => origin.replace(/\/$/, '').toLowerCase()));
  }

  /** @throws a `FlowError` with code `host_refused` or `origin_refused` */
  check(host: string, origin: string | null): void {
    const name = host.toLowerCase().replace(/:\d+$/, '');
    if (!this.#hosts.has(name)) {
      throw new FlowError('host_refused', 'Expected the `Host` of a request to be a name of this machine, or one that the server was given as one of its `hosts`');
    }
    if (origin === null || this.#isSame(host, origin) || this.#origins.has(origin.toLowerCase())) return;
    throw new FlowError('origin_refused', 'Expected the request to come from a page of this server, or from one that it was given as one of its `origins`');
  }

  /** Whether a page of another origin may read the answers. */
  isForeign(origin: string | null): origin is string {
    return origin !== null && this.#origins.has(origin.toLowerCase());
  }

  /** A page of this server itself: called by the same name and port as it was loaded from. */
  #isSame(host: string, origin: string): boolean {
    const [, own] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
    return own !== undefined && own.toLowerCase() === host.toLowerCase();
  }
}
