import { WebSocket } from 'ws';

interface Said {
  readonly type: string;
  readonly id?: number | null;
  readonly value?: unknown;
  readonly code?: string;
  readonly [field: string]: unknown;
}

/** A client that says what it is told to, message by message. */
export class TestSocket {
  readonly socket: WebSocket;
  readonly said: Said[] = [];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  #last = 0;
  #waiting: (() => void)[] = [];

  private constructor(url: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { perMessageDeflate: false });
    this.closed = new Promise(resolve => this.socket.on('close', resolve));
    this.socket.on('error', () => {});
    this.socket.on('message', data => {
      this.said.push(JSON.parse((data as Buffer).toString()) as Said);
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  /** Connects, and says hello. */
  static async open(url: string, token: string): Promise<TestSocket> {
    const opened = new TestSocket(url);
    await new Promise(resolve => opened.socket.once('open', resolve));
    opened.say({ type: 'hello', versions: [1], token });
    await opened.find(({ type }) => type === 'welcome');
    return opened;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message that is like that, once it has come. */
  async find(isIt: (said: Said) => boolean): Promise<Said> {
    for (;;) {
      const found = this.said.find(isIt);
      if (found) return found;
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  /** Asks; resolves with the value, or with the code of the error. */
  async ask(method: string, params: object): Promise<unknown> {
    const number = ++this.#last;
    this.say({ type: 'request', id: number, method, params, key: `key-${number}-${Math.random()}` });
    const { type, value, code } = await this.find(({ id, type: kind }) => id === number && (kind === 'result' || kind === 'error'));
    return type === 'error' ? code : value;
  }

  /** Follows a topic; returns its number, under which its messages are found. */
  follow(topic: string, params: object, after?: string): number {
    const number = ++this.#last;
    this.say({ type: 'subscribe', id: number, topic, params, credit: 1_000_000, ...(after !== undefined && { after }) });
    return number;
  }

  /** Everything that was told of a topic so far. */
  entriesOf(number: number): readonly unknown[] {
    return this.said.flatMap(({ id, type, entries }) => (id === number && type === 'commit' ? (entries as unknown[]) : []));
  }

  /** The snapshot of a topic, once it has come. */
  async snapshot(number: number): Promise<Said> {
    return this.find(({ id, type }) => id === number && type === 'snapshot');
  }
}
