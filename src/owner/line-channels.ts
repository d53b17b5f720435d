import type { Readable, Writable } from 'node:stream';
import { readLines } from './lines.ts';
import type { LineChannel } from './port-switch.ts';

/** Longest line, characters: a message of any length an owner sends, and the number of its port. */
const maxLineLength = 257 * 1_024 * 1_024;

/** Lines over two streams of bytes, such as those of a process. */
export function fromStreams(input: Readable, output: Writable): LineChannel {
  return {
    send: line => {
      if (output.writable) output.write(`${line}\n`);
    },
    listen: ({ line, closed }) => {
      let isClosed = false;
      const close = (): void => {
        if (isClosed) return;
        isClosed = true;
        closed();
      };
      readLines(input, maxLineLength, { line, tooLong: close, isPaused: () => false });
      input.on('end', close).on('close', close).on('error', close);
      // Whoever does not read any more is gone.
      output.on('error', close).on('close', close);
    },
    close: () => {
      output.end();
    },
  };
}

/** A process at an end of a channel: a child, or this one below its parent. */
export interface ChanneledProcess {
  readonly connected: boolean;
  send?(message: string, done: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  disconnect?(): void;
}

/** Lines over the channel that `child_process.fork` makes. */
export function fromProcess(channeled: ChanneledProcess): LineChannel {
  return {
    // A channel that closes meanwhile says so by `disconnect`.
    send: line => void (channeled.connected && channeled.send?.(line, () => {})),
    listen: ({ line, closed }) => {
      channeled.on('message', message => {
        if (typeof message === 'string') line(message);
      });
      channeled.on('disconnect', closed);
    },
    close: () => void (channeled.connected && channeled.disconnect?.()),
  };
}
