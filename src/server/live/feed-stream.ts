import { isFlowError } from '../../core/errors.ts';
import type { Attached } from '../../owner/method.ts';
import { ReadyMessage } from '../../owner/carrier.ts';
import type { Asker } from '../part.ts';
import type { LiveFeed } from './live-feed.ts';
import { filterTopics } from './live-filter.ts';

/** A sign of life, so that proxies and readers know that it goes on. */
const beatMs = 15_000;
/** Messages that wait to be read, at most. */
const maxWaiting = 4;
const cursorOf = /"cursor":"([^"]*)"/;

/** A beat that keeps no process alive; returns what ends it. */
export type FeedBeat = (callback: () => void, everyMs: number) => () => void;

/**
 * The feed as Server-Sent Events: `id` is the cursor, `event` is `snapshot` or `commit`, `data` the message of the protocol. Read at
 * the speed of whoever reads; a browser goes on by `Last-Event-ID`, others by `?after=`.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function streamFeed(feed: LiveFeed, request: Request, { signal }: Asker, beat: FeedBeat): Response {
  const { searchParams } = new URL(request.url);
  const topics = searchParams.getAll('topic');
  const filter = filterTopics(topics.length > 0 ? topics : undefined);
  const after = request.headers.get('last-event-id') ?? searchParams.get('after') ?? undefined;
  let attached: Attached | undefined;
  let endBeat = (): void => {};
  const leave = (): void => {
    endBeat();
    attached?.detach();
    attached = undefined;
  };
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string): void => controller.enqueue(encoder.encode(text));
      const close = (): void => {
        leave();
        try {
          controller.close();
        } catch {
          // Its reader has cancelled it.
        }
      };
      signal.addEventListener('abort', close, { once: true });
      endBeat = beat(() => {
        if ((controller.desiredSize ?? 0) > 0) write(': \n\n');
      }, beatMs);
      attached = feed.attach(filter, after, {
        id: 0,
        get isReady() {
          return (controller.desiredSize ?? 0) > 0;
        },
        tell(told) {
          if (told instanceof ReadyMessage) write(`id: ${cursorOf.exec(told.text)?.[1] ?? ''}\nevent: commit\ndata: ${told.text}\n\n`);
          else write(`id: ${told.cursor ?? ''}\nevent: snapshot\ndata: ${JSON.stringify(told)}\n\n`);
        },
        end(error) {
          if (isFlowError(error)) write(`event: error\ndata: ${JSON.stringify({ code: error.code, message: error.message })}\n\n`);
          close();
        },
      });
    },
    pull: () => attached?.resume(),
    cancel: leave,
  }, { highWaterMark: maxWaiting });
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } });
}
