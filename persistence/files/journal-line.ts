import { crc32 } from 'node:zlib';

// A line is the CRC-32 of its JSON text, eight hex digits, a space, the text, and a line feed.
const prefixLength = 9;

const toChecksum = (bytes: string | Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0');

/** Writes a value as one line of a journal, line feed included. */
export function encodeLine(value: unknown): Buffer {
  const text = JSON.stringify(value);
  return Buffer.from(`${toChecksum(text)} ${text}\n`);
}

/** Reads a line, without its line feed; undefined: it is not what was written. */
export function decodeLine(bytes: Uint8Array): { readonly value: unknown } | undefined {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = line.subarray(prefixLength);
  if (line.toString('latin1', 0, prefixLength) !== `${toChecksum(body)} `) return undefined;
  try {
    return { value: JSON.parse(body.toString()) };
  } catch {
    // A checksum fits by chance once in four billion times.
    return undefined;
  }
}
