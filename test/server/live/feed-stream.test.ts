import { afterEach, describe, expect, it } from 'vitest';
import { defineFlow } from '../../../src/index.ts';
import type { OpenServer } from '../open-server.ts';
import { openServer } from '../open-server.ts';

const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
let open: OpenServer;

afterEach(() => open.end());

interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly cursor: string; readonly entries?: readonly { readonly seq: number; readonly state: string | null }[] };
}

/** Reads events until one fits, then hangs up. */
async function readEvents(response: Response, isLast: (event: Event) => boolean): Promise<Event[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const events: Event[] = [];
  let rest = '';
  while (!events.some(isLast)) {
    const { value, done } = await reader.read();
    if (done) break;
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      if (fields['data'] !== undefined) events.push({ id: fields['id'] ?? '', event: fields['event'] ?? '', data: JSON.parse(fields['data']) as Event['data'] });
    }
  }
  await reader.cancel();
  return events;
}

const ends = ({ data }: Event): boolean => data.entries?.some(({ state }) => state === 'scored') ?? false;

describe('the feed as Server-Sent Events', () => {
  it('tells everything after a cursor, and goes on where a reader was', async () => {
    open = await openServer({ flows: [waiting] });
    const { executionId } = await open.runtime.start('waiting');
    const [first] = await readEvents(await open.ask('/api/v1/feed?after=start'), ({ event }) => event === 'commit');
    expect(first).toMatchObject({ event: 'snapshot', id: 'start' });
    const response = await open.ask(`/api/v1/feed?topic=flow:${executionId}&after=start`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const begun = await readEvents(response, ({ data }) => (data.entries?.length ?? 0) > 0);
    const place = begun.at(-1) as Event;
    expect(place.id).toBe(place.data.cursor);
    await open.runtime.signal(executionId, 'go');
    await open.runtime.settled(executionId);
    const rest = await readEvents(await open.ask('/api/v1/feed', { headers: { 'last-event-id': place.id } }), ends);
    const whole = await readEvents(await open.ask('/api/v1/feed?after=start'), ends);
    const toSeqs = (events: readonly Event[]): number[] => events.flatMap(({ data }) => data.entries?.map(({ seq }) => seq) ?? []);
    expect([...toSeqs(begun), ...toSeqs(rest)]).toEqual(toSeqs(whole));
  });

  it('refuses a topic that is none, and says in the stream that a cursor is none', async () => {
    open = await openServer({ flows: [waiting] });
    expect((await open.ask('/api/v1/feed?topic=nothing')).status).toBe(422);
    const events = await readEvents(await open.ask('/api/v1/feed?after=garbage'), ({ event }) => event === 'error');
    expect(events.at(-1)).toMatchObject({ event: 'error', data: { code: 'cursor_invalid' } });
  });

  it('ends when the server does', async () => {
    open = await openServer({ flows: [waiting] });
    const reading = readEvents(await open.ask('/api/v1/feed'), ({ event }) => event === 'error');
    await new Promise(resolve => setImmediate(resolve));
    await open.server.close();
    expect((await reading).at(-1)).toMatchObject({ data: { code: 'owner_stopping' } });
  });
});
