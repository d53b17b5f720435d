import { createHash } from 'node:crypto';
import { FlowError } from '../../../core/errors.ts';
import { describeValue } from '../../../core/wording.ts';
import type { ArtifactSource } from './artifact.ts';

/** Bytes of one piece: what is in memory of a content of any length. */
const pieceBytes = 256 * 1_024;

export interface WholeContent {
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
  readonly sha256: string;
}

/** Whether a content comes bit by bit. Refuses what is no content. */
export function isStream(source: ArtifactSource): source is AsyncIterable<string | Uint8Array> {
  if (typeof source === 'string' || source instanceof Uint8Array) return false;
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) return true;
  throw new FlowError('artifact_content_invalid', `Expected the content of an artifact to be a string, a Uint8Array or a stream of these, got ${describeValue(source)}; write a value as JSON first`);
}

const toBytes = (content: string | Uint8Array): Uint8Array => (typeof content === 'string' ? Buffer.from(content) : content);

/** Takes a content apart that is in memory already. */
export function cutContent(content: string | Uint8Array): WholeContent {
  const bytes = toBytes(content);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return { pieces, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export interface StreamedContent {
  readonly count: number;
  readonly size: number;
  readonly sha256: string;
}

/**
 * Hands a stream on in pieces of one size, each when the one before has been dealt with.
 *
 * @throws a `FlowError` with code `artifact_too_large`
 */
export async function cutStream(stream: AsyncIterable<string | Uint8Array>, maxBytes: number, put: (piece: Uint8Array, number: number) => Promise<void>): Promise<StreamedContent> {
  const hash = createHash('sha256');
  // Filled anew for every piece: what was put is not touched any more.
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  let size = 0;
  let count = 0;
  const flush = async (): Promise<void> => {
    const full = piece.subarray(0, filled);
    hash.update(full);
    await put(full, count++);
    piece = new Uint8Array(pieceBytes);
    filled = 0;
  };
  for await (const chunk of stream) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) isStream(chunk as ArtifactSource);
    const bytes = toBytes(chunk);
    size += bytes.length;
    if (size > maxBytes) throw tooLarge(maxBytes, size);
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, pieceBytes - filled);
      piece.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled === pieceBytes) await flush();
    }
  }
  if (filled > 0) await flush();
  return { count, size, sha256: hash.digest('hex') };
}

export function tooLarge(maxBytes: number, size: number): FlowError {
  return new FlowError('artifact_too_large', `Expected an artifact of at most ${maxBytes} bytes, got ${size} or more; raise \`maxArtifactBytes\`, or keep it elsewhere`, { details: { maxBytes } });
}
