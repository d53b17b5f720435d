import type { Port, PortTaker } from './port-carrier.ts';

/** What carries lines of text both ways: the standard streams of a process, or its channel to its parent. */
export interface LineChannel {
  send(line: string): void;
  listen(taker: { line(line: string): void; closed(): void }): void;
  close(): void;
}

/** What is said about the ports themselves goes under this number. */
const control = 0;
const lineForm = /^(\d{1,9}) (.*)$/s;

/** Texts that came for a port before anybody listened, at most: nobody sends before the other end has said that it is there. */
const maxEarly = 100;

/** Many ports over one channel: a line is the number of a port, a space and a text. */
export class PortSwitch {
  readonly #channel: LineChannel;
  readonly #ports = new Map<number, SwitchedPort>();

  /** @param controlled called with what the other end says by `control`; not checked */
  constructor(channel: LineChannel, controlled: (message: unknown) => void, closed: () => void) {
    this.#channel = channel;
    channel.listen({
      line: line => this.#take(line, controlled),
      closed: () => {
        for (const port of this.#ports.values()) port.end();
        this.#ports.clear();
        closed();
      },
    });
  }

  /** Says something beside all ports. */
  control(message: object): void {
    this.#channel.send(`${control} ${JSON.stringify(message)}`);
  }

  /** Begins a port; both ends are to name the same number, once. */
  open(number: number): Port {
    const port = new SwitchedPort(text => this.#channel.send(`${number} ${text}`), () => this.#ports.delete(number));
    this.#ports.set(number, port);
    return port;
  }

  #take(line: string, controlled: (message: unknown) => void): void {
    const [, name, text = ''] = lineForm.exec(line) ?? [];
    // What somebody prints into the channel is none of the protocol's.
    if (name === undefined) return;
    if (Number(name) !== control) return this.#ports.get(Number(name))?.take(text);
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    controlled(message);
  }
}

class SwitchedPort implements Port {
  readonly #send: (text: string) => void;
  readonly #forget: () => void;
  #taker: PortTaker | undefined;
  #early: string[] = [];
  #isEnded = false;

  constructor(send: (text: string) => void, forget: () => void) {
    this.#send = send;
    this.#forget = forget;
  }

  post(text: string): void {
    // A text of several lines would be several texts, of whatever port the second begins with.
    if (!this.#isEnded && !/[\r\n]/.test(text)) this.#send(text);
  }

  listen(taker: PortTaker): void {
    this.#taker = taker;
    for (const text of this.#early.splice(0)) taker.text(text);
    if (this.#isEnded) taker.closed();
  }

  take(text: string): void {
    if (this.#taker) this.#taker.text(text);
    else if (this.#early.length < maxEarly) this.#early.push(text);
  }

  end(): void {
    this.#isEnded = true;
    this.#taker?.closed();
  }

  close(): void {
    this.#isEnded = true;
    this.#forget();
  }
}
