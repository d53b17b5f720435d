import { FlowError } from '../core/errors.ts';

/** Answers kept, at most; the one that was used the longest time ago goes first. */
const maxKept = 500;

interface Kept {
  readonly etag: string;
  readonly value: unknown;
}

export interface CachedReadsOptions {
  /** Of the server, without a slash at the end. */
  readonly url: string;
  readonly token: () => string | undefined | Promise<string | undefined>;
}

/** Reads over HTTP: what has not changed since is not sent again. */
export class CachedReads {
  readonly #options: CachedReadsOptions;
  /** By path, in the order of their last use. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: CachedReadsOptions) {
    this.#options = options;
  }

  /** @throws a `FlowError` with the code of the server, or `owner_unreachable` */
  async read(path: string, signal?: AbortSignal): Promise<unknown> {
    const { url, token } = this.#options;
    const [kept, right] = [this.#kept.get(path), await token()];
    const headers = { accept: 'application/json', ...(right !== undefined && { authorization: `Bearer ${right}` }), ...(kept && { 'if-none-match': kept.etag }) };
    let response: Response;
    try {
      // What a browser keeps by itself would hide the 304.
      response = await fetch(`${url}${path}`, { headers, cache: 'no-store', ...(signal && { signal }) } as RequestInit);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new FlowError('owner_unreachable', `Expected a server at ${url}, but it could not be connected to. Look whether it runs`, { cause, details: { address: url } });
    }
    if (response.status === 304 && kept) {
      await response.arrayBuffer();
      return this.#keep(path, kept);
    }
    if (!response.ok) throw await toProblem(response, path);
    const value: unknown = await response.json();
    const etag = response.headers.get('etag');
    return etag === null ? value : this.#keep(path, { etag, value });
  }

  #keep(path: string, kept: Kept): unknown {
    this.#kept.delete(path);
    this.#kept.set(path, kept);
    if (this.#kept.size > maxKept) for (const oldest of this.#kept.keys()) return this.#drop(oldest, kept.value);
    return kept.value;
  }

  #drop(path: string, value: unknown): unknown {
    this.#kept.delete(path);
    return value;
  }
}

/** The error that a problem document tells of. */
async function toProblem(response: Response, path: string): Promise<FlowError> {
  const problem = (await response.json().catch(() => ({}))) as { readonly title?: unknown; readonly detail?: unknown };
  const code = typeof problem.title === 'string' && /^[a-z_]+$/.test(problem.title) ? problem.title : 'request_failed';
  const detail = typeof problem.detail === 'string' ? problem.detail : `Expected an answer to ${path}, got status ${response.status}`;
  return new FlowError(code, detail, { details: { status: response.status } });
}
