import { join } from 'node:path';
import { connect } from 'flowstone/client';
import { openSqliteReader } from '../../src/open-records.ts';
import { token } from './chain.ts';
import { SoakClient, Tally } from './soak-client.ts';
import { SoakProcess } from './soak-process.ts';

export interface SoakResult {
  readonly lines: readonly string[];
  readonly complaints: readonly string[];
  /** Said at the very end. */
  readonly last?: string;
}

export interface LoadOptions {
  readonly minutes: number;
  readonly clients: number;
  /** Of the executions, that each client follows; which ones is another choice for each. */
  readonly share: number;
  readonly killEveryMs: number;
  /** Fewer distinct events are too few; default: any number will do. */
  readonly leastDistinct?: number | undefined;
}

/** Executions that run at the same time. */
const active = 100;
/** Executions that are made, to be told one after the other: as many as topics fit into one subscription. */
const batch = 1_000;
/** How long one client takes nothing, ms: longer than the server waits for it. */
const stallMs = 40_000;
/** How long a process that was begun anew counts as cold, ms: nothing of it is compiled, and all clients come back. */
const coldMs = 5_000;
/** Fewest events to be delivered where so many distinct ones are wanted. */
const leastDelivered = 10_000_000;
const wait = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms));

/** Runs executions that wait, so many at a time, until all have settled. */
async function tell(url: string, ids: readonly string[]): Promise<void> {
  const client = connect(url, { token, timeoutMs: Number.POSITIVE_INFINITY });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < ids.length) {
      const id = ids[next++] as string;
      await client.signal(id, 'go');
      await client.settled(id);
    }
  };
  try {
    await Promise.all(Array.from({ length: active }, work));
  } finally {
    client.close();
  }
}

async function prepare(url: string, round: number): Promise<string[]> {
  const client = connect(url, { token });
  const ids = await Promise.all(Array.from({ length: batch }, async (_, number) => (await client.start('chain', { idempotencyKey: `soak-${round}-${number}` })).executionId));
  client.close();
  return ids;
}

/** Where the feed is. */
async function readCursor(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/health`, { headers: { authorization: `Bearer ${token}` } });
  return ((await answer.json()) as { readonly cursor: string }).cursor;
}

/** CPU of the same executions with nobody there, per event; ms. */
async function measureBare(folder: string): Promise<number> {
  const server = new SoakProcess(join(folder, 'bare.db'), 20);
  await server.begin();
  try {
    const ids = (await prepare(server.url, 0)).slice(0, 300);
    const before = await server.measure();
    await tell(server.url, ids);
    const cpuMs = (await server.measure()) - before;
    const seqs = readSeqs(server.file);
    return cpuMs / ids.reduce((sum, id) => sum + (seqs.get(id) ?? 0), 0);
  } finally {
    await server.end();
  }
}

/** The last transition that is stored of each execution. */
function readSeqs(file: string): ReadonlyMap<string, number> {
  const reader = openSqliteReader({ file });
  try {
    const rows = reader.listExecutions({ limit: 1_000_000 }) as { readonly executionId: string; readonly seq: number }[];
    return new Map(rows.map(({ executionId, seq }) => [executionId, seq]));
  } finally {
    void reader.close();
  }
}

/** A thousand clients, each with another set of topics, through kills: in rounds, each with executions of its own. */
export async function runLoad(folder: string, options: LoadOptions): Promise<SoakResult> {
  const { minutes, clients: count, share, killEveryMs, leastDistinct } = options;
  const bareMs = await measureBare(folder);
  const [tally, stalledTally] = [new Tally(), new Tally()];
  const server = new SoakProcess(join(folder, 'load.db'), 20);
  await server.begin();
  const end = Date.now() + minutes * 60_000;
  let [rounds, behind, distinct] = [0, 0, 0];
  /** What was told, and used, while executions ran: neither before they did nor between rounds. */
  const told = { events: 0, frames: 0 };
  const cold = { events: 0, frames: 0, cpuMs: 0 };
  let lastKill = Date.now();
  const stalled = new SoakClient(server.url, ['flows'], stalledTally);
  let stallEnd = 0;
  try {
    while (rounds === 0 || Date.now() < end) {
      const cursor = await readCursor(server.url);
      const ids = await prepare(server.url, rounds++);
      const sets = Array.from({ length: count }, () => ids.filter(() => Math.random() < share));
      const clients = sets.map(set => new SoakClient(server.url, set.map(id => `flow:${id}`), tally, cursor));
      if (rounds === 1) stalled.connect();
      for (const [place, client] of clients.entries()) {
        client.connect();
        if (place % 50 === 49) await wait(100);
      }
      while (!clients.every(({ isSubscribed }) => isSubscribed)) await wait(50);
      await wait(1_000);
      if (rounds === 1) {
        stalled.stall();
        stallEnd = Date.now() + stallMs;
      }
      await server.skip();
      const before = { events: tally.events, frames: tally.frames };
      let isDone = false;
      const telling = tell(server.url, ids).finally(() => (isDone = true));
      let begun: { readonly at: number; readonly events: number; readonly frames: number; readonly cpuMs: number } | undefined;
      const noteCold = async (): Promise<void> => {
        if (!begun) return;
        cold.cpuMs += (await server.measure()) - begun.cpuMs;
        cold.events += tally.events - begun.events;
        cold.frames += tally.frames - begun.frames;
        begun = undefined;
      };
      while (!isDone) {
        await wait(200);
        if (Date.now() > stallEnd) stalled.resume();
        if (begun && Date.now() - begun.at > coldMs) await noteCold();
        if (Date.now() - lastKill < killEveryMs || isDone) continue;
        await server.kill();
        await server.begin();
        lastKill = Date.now();
        begun = { at: lastKill, events: tally.events, frames: tally.frames, cpuMs: server.cpuMs };
      }
      await telling;
      const seqs = readSeqs(server.file);
      const countBehind = (): number => clients.reduce((sum, client, place) => sum + (sets[place] ?? []).filter(id => client.seen.get(id) !== seqs.get(id)).length, 0);
      for (let look = 0; look < 600 && countBehind() > 0; look++) await wait(200);
      behind += countBehind();
      await noteCold();
      await server.measure();
      told.events += tally.events - before.events;
      told.frames += tally.frames - before.frames;
      distinct += ids.reduce((sum, id) => sum + (seqs.get(id) ?? 0), 0);
      for (const client of clients) client.close();
    }
    stalled.resume();
    const seqs = readSeqs(server.file);
    const stalledBehind = (): number => [...seqs].filter(([id, seq]) => stalled.seen.get(id) !== seq).length;
    for (let look = 0; look < 600 && stalledBehind() > 0; look++) await wait(200);
    const { cpuMs } = server;
    const { events, frames } = told;
    const netMs = cpuMs - bareMs * distinct;
    const warmMs = netMs - cold.cpuMs;
    const us = (ms: number, of: number): string => ((ms * 1_000) / Math.max(1, of)).toFixed(2);
    const list = (codes: ReadonlyMap<number, number>): string => [...codes].map(([code, number]) => `${code}: ${number}`).join(', ') || 'none';
    const complaints = Object.entries({ missed: tally.missed + stalledTally.missed, doubled: tally.doubled + stalledTally.doubled, reset: tally.resets + stalledTally.resets, behind, 'behind, of the stalled client': stalledBehind() })
      .filter(([, number]) => number > 0).map(([name, number]) => `load: ${number} ${name}`);
    if ([...tally.codes.keys()].some(code => code !== 1006)) complaints.push(`load: connections were closed: ${list(tally.codes)}`);
    if (server.mostUnsent >= 2 * 1_024 * 1_024) complaints.push(`load: ${server.mostUnsent} bytes waited for one client`);
    if (leastDistinct !== undefined && (distinct < leastDistinct || events < leastDelivered)) complaints.push(`load: only ${distinct} distinct events, ${events} delivered`);
    return {
      complaints,
      lines: [
        `${count} clients, each with its own ${Math.round(share * 100)} % of ${batch} executions, ${active} at once, ${rounds} rounds; ${server.kills} kills -9`,
        `distinct events ${distinct}; delivered ${events} in ${frames} messages, ${(tally.bytes / 1e6).toFixed(0)} MB, ${(events / Math.max(1, frames)).toFixed(1)} events a message`,
        `missed ${tally.missed}, doubled or out of order ${tally.doubled}, behind in the end ${behind}; of the stalled client ${stalledTally.missed}, ${stalledTally.doubled}, ${stalledBehind()} (must 0)`,
        `server CPU per delivered event ${us(cpuMs, events)} µs with the flows, ${us(netMs, events)} µs without (must ≤ 3)`,
        `server CPU per message ${us(cpuMs, frames)} µs with the flows, ${us(netMs, frames)} µs without (must ≤ 40); the flows alone ${us(bareMs, 1)} µs per distinct event`,
        `of it ${cold.cpuMs.toFixed(0)} ms within ${coldMs / 1_000} s of a start after a kill, with ${cold.events} events in ${cold.frames} messages, flows included; all else ${us(warmMs, events - cold.events)} µs an event, ${us(warmMs, frames - cold.frames)} µs a message`,
        `most that waited for one client ${(server.mostUnsent / 1_024 / 1_024).toFixed(2)} MiB (must < 2); resident memory at most ${(server.mostRss / 1e6).toFixed(0)} MB`,
      ],
      last: `connections closed, by code: ${list(tally.codes)} (1006: the kills); of the stalled client: ${list(stalledTally.codes)} (4408: too slow)`,
    };
  } finally {
    stalled.close();
    await server.end();
  }
}
