import type { Readable } from 'node:stream';

/** What is done with the lines of a stream. */
export interface LineReader {
  readonly line: (line: string) => void;
  /** A line was longer than it may be: nothing more is read. */
  readonly tooLong: () => void;
  /** Whether a line that has come is to wait for a call of `go`. */
  readonly isPaused: () => boolean;
}

/**
 * Takes a stream's text apart into lines. Stops for good at one longer than `maxLength` characters.
 *
 * @returns what goes on with lines that waited
 */
export function readLines(stream: Readable, maxLength: number, reader: LineReader): () => void {
  let rest = '';
  let waiting: string[] = [];
  let isOver = false;
  const go = (): void => {
    let next = 0;
    while (next < waiting.length && !reader.isPaused()) {
      const line = waiting[next++] as string;
      if (line !== '') reader.line(line);
    }
    waiting = waiting.slice(next);
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    if (isOver) return;
    const lines = text.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    const long = rest.length > maxLength ? lines.length : lines.findIndex(line => line.length > maxLength);
    waiting.push(...(long < 0 ? lines : lines.slice(0, long)));
    go();
    if (long < 0) return;
    isOver = true;
    rest = '';
    reader.tooLong();
  });
  return go;
}
