import type { Records } from '../../persistence/store.ts';
import type { NamedRequest } from '../engine/kind.ts';
import type { Call } from '../owner/method.ts';

/** Recognises requests that are repeated: those under way, and those whose effects are stored. */
export class RequestLog {
  readonly #store: Pick<Records, 'getRequest'>;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(store: Pick<Records, 'getRequest'>) {
    this.#store = store;
  }

  /**
   * Does something once, however often it is asked for.
   *
   * @param work stores the request in the commit of its effect
   */
  async once(method: string, { key }: Call, work: (request?: NamedRequest) => Promise<unknown>): Promise<unknown> {
    if (key === undefined) return work();
    const name = `${method} ${key}`;
    const running = this.#running.get(name);
    if (running) return running;
    const done = this.#recall(name, work);
    this.#running.set(name, done);
    try {
      return await done;
    } finally {
      this.#running.delete(name);
    }
  }

  async #recall(key: string, work: (request: NamedRequest) => Promise<unknown>): Promise<unknown> {
    const answer = await this.#store.getRequest(key);
    return answer === undefined ? work({ key }) : (JSON.parse(answer) as unknown);
  }
}
