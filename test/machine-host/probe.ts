import type { AnyActorRef, EventObject, PromiseActorLogic } from 'xstate';
import { fromCallback, fromObservable, fromPromise } from 'xstate';

/** What services are given. */
type Input = string | number | null | readonly Input[] | { readonly [key: string]: Input | undefined };

/** A call of a service that has not been answered. */
interface Call {
  readonly service: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A custom action that was carried out: who by, which, with what. */
export type Acted = readonly [actor: string, action: string, params: unknown];

/**
 * What a machine of the corpus touches the world through.
 *
 * The same machine can so be driven by XState itself and by a durable host, and both be watched alike.
 */
export class Probe {
  readonly acted: Acted[] = [];
  readonly logged: unknown[] = [];
  readonly #calls: Call[] = [];
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();

  /** A custom action that does nothing but be seen. */
  action(name: string): (args: { self: AnyActorRef; event: EventObject }, params?: unknown) => void {
    return ({ self, event }, params) => {
      this.acted.push([self.id, name, params === undefined ? event.type : params]);
    };
  }

  /** A promise that the script settles. */
  service(name: string): PromiseActorLogic<unknown, Input | undefined> {
    return fromPromise(({ signal }) => new Promise((resolve, reject) => {
      const call = { service: name, resolve, reject };
      this.#calls.push(call);
      signal.addEventListener('abort', () => {
        const index = this.#calls.indexOf(call);
        if (index >= 0) this.#calls.splice(index, 1);
      });
    }));
  }

  /** An observable whose values the script gives. */
  stream(name: string) {
    return fromObservable(() => ({
      subscribe: (observer: unknown) => {
        const next = (value: unknown): void => (observer as { next?: (value: unknown) => void }).next?.(value);
        const listeners = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, listeners.add(next));
        return { unsubscribe: () => void listeners.delete(next) };
      },
    }));
  }

  /** A callback that answers every `ping` with a `pong`. */
  echo() {
    return fromCallback<EventObject>(({ sendBack, receive }) => {
      receive(event => {
        if (event.type === 'ping') sendBack({ type: 'pong' });
      });
    });
  }

  /** Services that wait for an answer, oldest first. */
  get running(): readonly string[] {
    return this.#calls.map(({ service }) => service);
  }

  /** Answers the oldest call of a service; false: none runs. */
  settle(service: string, outcome: { readonly output: unknown } | { readonly error: string }): boolean {
    const index = this.#calls.findIndex(call => call.service === service);
    const call = this.#calls[index];
    if (!call) return false;
    this.#calls.splice(index, 1);
    if ('output' in outcome) call.resolve(outcome.output);
    else call.reject(new Error(outcome.error));
    return true;
  }

  emit(stream: string, value: unknown): void {
    for (const next of this.#listeners.get(stream) ?? []) next(value);
  }

  /** The process is gone: nobody answers any more. */
  forget(): void {
    this.#calls.length = 0;
    this.#listeners.clear();
  }
}
