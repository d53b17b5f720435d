import type { AnyActorRef, EventObject, PromiseActorLogic } from 'xstate';
import { fromCallback, fromEventObservable, fromObservable, fromPromise } from 'xstate';
import type { StreamSignal } from './driven.ts';

/** What services are given. */
type Input = string | number | null | readonly Input[] | { readonly [key: string]: Input | undefined };

/** A call of a service that has not been answered. */
interface Call {
  readonly service: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Listener {
  readonly next?: (value: unknown) => void;
  readonly error?: (error: unknown) => void;
  readonly complete?: () => void;
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
  readonly #streams = new Set<{ readonly name: string; readonly label: string; readonly listener: Listener }>();

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

  /** An observable whose values, error and end the script gives. */
  stream(name: string) {
    return fromObservable<unknown, Input | undefined>(({ input }) => this.#toObservable(name, input) as never);
  }

  /** An observable whose values are events for the parent. */
  events(name: string) {
    return fromEventObservable<EventObject, Input | undefined>(({ input }) => this.#toObservable(name, input) as never);
  }

  #toObservable(name: string, input: Input | undefined): { subscribe(observer: Listener): { unsubscribe(): void } } {
    return {
      subscribe: observer => {
        const end = this.#begin(name, input, observer);
        return { unsubscribe: end };
      },
    };
  }

  /** Notes that something is at work, until it is ended or ends by itself. */
  #begin(name: string, input: Input | undefined, listener: Listener = {}): () => void {
    const stream = { name, label: input === undefined ? name : `${name} ${JSON.stringify(input)}`, listener };
    this.#streams.add(stream);
    return () => void this.#streams.delete(stream);
  }

  /** A callback that answers every `ping` with a `pong`. */
  echo() {
    return fromCallback<EventObject>(({ sendBack, receive }) => {
      receive(event => {
        if (event.type === 'ping') sendBack({ type: 'pong' });
      });
    });
  }

  /** A callback that sends back what the script gives, answers a `ping`, throws at a `boom`, and is at work until it is cleaned up. */
  line(name: string) {
    return fromCallback<EventObject, Input | undefined>(({ input, sendBack, receive }) => {
      const end = this.#begin(name, input, { next: event => sendBack(event as EventObject) });
      receive(event => {
        if (event.type === 'ping') sendBack({ type: 'pong' });
        if (event.type === 'boom') {
          end();
          throw new Error('The line broke');
        }
      });
      return end;
    });
  }

  /** Services that wait for an answer, oldest first; then what is at work. */
  get running(): readonly string[] {
    return [...this.#calls.map(({ service }) => service), ...[...this.#streams].map(({ label }) => label)];
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

  emit(name: string, signal: StreamSignal): void {
    for (const stream of this.#streams) {
      if (stream.name !== name) continue;
      if ('value' in signal) stream.listener.next?.(signal.value);
      else {
        this.#streams.delete(stream);
        if ('error' in signal) stream.listener.error?.(new Error(signal.error));
        else stream.listener.complete?.();
      }
    }
  }

  /** The process is gone: nobody answers any more. */
  forget(): void {
    this.#calls.length = 0;
    this.#streams.clear();
  }
}
