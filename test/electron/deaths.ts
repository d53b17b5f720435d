import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { openWindow } from '../../src/desktop/window-port.ts';
import type { FeedEntry } from '../../src/engine/feed/feed-entry.ts';
import { ReconnectingClient } from '../../src/owner/reconnecting-client.ts';
import { ConnectedClient } from '../../src/runtime/runtime-client.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';
import type { Death } from './mortal-runtime.ts';
import { MortalSite } from './mortal-runtime.ts';
import type { OpenShell } from './mortal-shells.ts';

export interface DeathsResult {
  readonly complaints: readonly string[];
  /** Messages through the boundary of the process, in all lives. */
  readonly messages: number;
  readonly lives: number;
}

/** Orders that a page starts, approves and waits for, side by side. */
const orders = 2;
/** Turns without anything moving, after which time goes on. */
const quietTurns = 4;
/** Longest wait of all that is waited for, ms; whoever lives idles when that has passed. */
const idleMs = 60_000;
/** Looks, 10 ms apart, after which nothing is to be expected any more: modules are loaded by then, also on a busy machine. */
const stillLooks = 500;

/** Deaths out of a seed: at a message or a commit, early or late in a life. */
export function planDeaths(seed: number): Death[] {
  const random = createSeededRandom(seed);
  const upTo = (most: number): number => 1 + Math.floor(random.next() * most);
  return Array.from({ length: upTo(4) }, () => {
    if (random.next() < 0.3) return { commit: { commit: upTo(8), point: random.next() < 0.5 ? 'before' as const : 'after' as const } };
    return { message: upTo(random.next() < 0.5 ? 12 : 60), isDelivered: random.next() < 0.5 };
  });
}

/**
 * A page that follows everything and asks for orders, while its runtime dies as planned; by a simulated clock and without beats of
 * the connection, so that whatever is lost stays lost and is seen.
 */
export async function liveThrough(open: OpenShell, deaths: readonly Death[]): Promise<DeathsResult> {
  const clock = new SimulatedClock();
  const site = new MortalSite(clock, deaths);
  const bridge = open(site);
  const raw = new ReconnectingClient({ open: () => openWindow(bridge), clock, random: createSeededRandom(1), logger: silentLogger, connection: { clock, beat: () => () => {} } });
  const client = new ConnectedClient(raw, clock, 'page');
  const complaints: string[] = [];
  const told: string[] = [];
  const ending = new AbortController();
  void (async () => {
    for await (const { entries, reset } of client.feed({ after: 'start', signal: ending.signal })) {
      if (reset) complaints.push('the page was told to begin anew');
      for (const entry of entries) told.push(describe(entry));
    }
  })().catch((error: unknown) => complaints.push(`the feed has ended: ${String(error)}`));
  const started: string[] = [];
  const work = Array.from({ length: orders }, async (_, n) => {
    const { executionId, created } = await client.start('order', { input: { n } });
    started.push(executionId);
    if (!created) complaints.push(`the answer to ${n} was another's`);
    // One stands while its runtimes come and go.
    if (n > 0) await site.last;
    await client.signal(executionId, 'approved');
    const { status } = await client.settled(executionId);
    if (status !== 'scored') complaints.push(`${n} is ${status}`);
  });
  const failed = (error: unknown): unknown => complaints.push(`what was asked was refused: ${String(error)}`);
  const moved = (): string => `${site.messages} ${site.lives} ${told.length} ${raw.snapshot.value}`;
  const stillAt = await runUntil(Promise.all(work).catch(failed), site, moved);
  if (stillAt !== undefined) complaints.push(`it stands still: ${stillAt}`);
  const stored = await readAll(site, moved);
  const lagsAt = await runUntil(new Promise<void>(resolve => {
    const look = (): void => void (told.length >= stored.length ? resolve() : setImmediate(look));
    look();
  }), site, moved);
  if (lagsAt !== undefined) complaints.push(`the page was told ${told.length} of ${stored.length}: ${lagsAt}`);
  if (JSON.stringify(told) !== JSON.stringify(stored)) complaints.push(`the page was told something else than is stored: ${told.length} and ${stored.length} entries`);
  const keys = new Set(site.ledger);
  if (stillAt === undefined && keys.size !== 2 * orders) complaints.push(`${keys.size} things were done for ${orders} orders`);
  if (new Set(started).size !== started.length) complaints.push('two answers were the same');
  ending.abort();
  client.close();
  await site.runtime?.stop({ timeoutMs: 0 }).catch(() => {});
  return { complaints, messages: site.messages, lives: site.lives };
}

const describe = ({ number, address, event, state }: FeedEntry): string => `${number} ${address} ${event.type} ${state}`;

/** What is stored, read at the runtime that lives. */
async function readAll(site: MortalSite, moved: () => string): Promise<string[]> {
  // The last may have died with nobody left to ask for something.
  await runUntil(new Promise<void>(resolve => {
    const look = (): void => void (site.runtime ? resolve() : setImmediate(look));
    look();
  }), site, moved);
  const all: string[] = [];
  const { runtime } = site;
  if (runtime) for await (const { entries } of getParts(runtime).feed.catchUp('start')) all.push(...entries.map(describe));
  return all;
}

/** Lets time pass until it is done; gives where it stands when nothing can happen any more. */
async function runUntil(done: Promise<unknown>, site: MortalSite, moved: () => string): Promise<string | undefined> {
  const { clock } = site;
  let isDone = false;
  void done.finally(() => (isDone = true));
  let before = '';
  let movedAt = clock.now();
  for (let quiet = 0; quiet < quietTurns + stillLooks; quiet++) {
    await nextTurn();
    if (isDone) return undefined;
    const now = moved();
    if (now !== before) {
      before = now;
      movedAt = clock.now();
      quiet = 0;
    }
    if (quiet < quietTurns) continue;
    const next = clock.nextTimerAt();
    if (next !== undefined && next - movedAt < idleMs) clock.advance(Math.max(0, next - clock.now()));
    else if (site.end()) quiet = 0;
    else await pause(10);
  }
  return before;
}
