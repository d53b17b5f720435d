import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { openArtifact } from '../../kinds/flows/artifacts/read-artifacts.ts';
import type { Asked } from '../request.ts';
import type { Api } from '../table/routes.ts';

interface Span {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

/**
 * Reads the header `Range`: one range of bytes.
 *
 * @returns undefined: all of it, also for what is no range of bytes, or several
 * @throws a `FlowError` with code `range_unsatisfiable`
 */
function readRange(header: string | null, size: number): Span | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  if (first <= last) return { first, last };
  throw new FlowError('range_unsatisfiable', `Expected a range of bytes in a document of ${size}, got \`${String(header)}\``);
}

/** Cuts a span out of a stream. */
async function* cut(stream: AsyncIterable<Uint8Array>, { first, last }: Span): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of stream) {
    const [from, to] = [Math.max(0, first - at), Math.min(piece.length, last + 1 - at)];
    if (from < to) yield piece.subarray(from, to);
    at += piece.length;
    if (at > last) return;
  }
}

/** Read piece by piece, as fast as it is taken: a large document is never in memory. */
function toStream(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}

/**
 * Answers with a document, or a part of it. A page in it never runs as one of this server's: it is a download, in a sandbox.
 *
 * @throws a `FlowError` with code `artifact_not_found` or `range_unsatisfiable`
 */
export async function answerArtifact(reader: RecordReader, { params, query, request }: Asked<Api['readArtifact']>): Promise<Response> {
  const artifact = await openArtifact(reader, params.id, params.name, query.version);
  const { size, sha256, contentType, name } = artifact;
  const etag = `"${sha256}"`;
  const headers = {
    etag, 'accept-ranges': 'bytes', 'content-type': /^[\x20-\x7e]+$/.test(contentType) ? contentType : 'application/octet-stream',
    'cache-control': query.version === undefined ? 'private, no-cache' : 'private, max-age=31536000, immutable',
    'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.split('/').at(-1) ?? 'artifact').replaceAll("'", '%27')}`,
  };
  if (request.headers.get('if-none-match')?.split(',').some(tag => tag.trim() === etag)) return new Response(null, { status: 304, headers });
  const condition = request.headers.get('if-range');
  const span = condition === null || condition === etag ? readRange(request.headers.get('range'), size) : undefined;
  const isHead = request.method === 'HEAD';
  if (!span) return new Response(isHead ? null : toStream(cut(artifact.stream(), { first: 0, last: size - 1 })), { headers: { ...headers, 'content-length': String(size) } });
  const length = String(span.last - span.first + 1);
  return new Response(isHead ? null : toStream(cut(artifact.stream(), span)), {
    status: 206, headers: { ...headers, 'content-length': length, 'content-range': `bytes ${span.first}-${span.last}/${size}` },
  });
}
