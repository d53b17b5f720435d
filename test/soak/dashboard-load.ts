import { join } from 'node:path';
import { connect } from 'flowstone/client';
import { token } from './chain.ts';
import type { SoakResult } from './load.ts';
import { SoakProcess } from './soak-process.ts';

const viewers = 50;
const executions = 500;

/** What a viewer's browser keeps. */
class Viewer {
  readonly #url: string;
  readonly #etags = new Map<string, string>();
  reads = 0;
  unchanged = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Reads a path; returns the number of the version that it was answered with. */
  async read(path: string): Promise<number> {
    const etag = this.#etags.get(path);
    const response = await fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${token}`, ...(etag !== undefined && { 'if-none-match': etag }) } });
    await response.arrayBuffer();
    if (response.status !== 200 && response.status !== 304) throw new Error(`${path} was answered with ${response.status}`);
    this.reads++;
    if (response.status === 304) this.unchanged++;
    const now = response.headers.get('etag') ?? etag ?? '';
    this.#etags.set(path, now);
    return Number.parseInt(now.replace(/^(?:W\/)?"\d+-/, ''), 36);
  }
}

/** Viewers of a dashboard: whoever hears of a change reads the list and the execution, most of them the same few. */
export async function runDashboard(folder: string, wanted: number): Promise<SoakResult> {
  const server = new SoakProcess(join(folder, 'dashboard.db'), 400);
  await server.begin();
  const client = connect(server.url, { token, timeoutMs: 120_000 });
  const ending = new AbortController();
  try {
    const ids = await Promise.all(Array.from({ length: executions }, async () => (await client.start('chain')).executionId));
    const hot = ids.slice(0, executions / 5);
    const crowd = Array.from({ length: viewers }, () => new Viewer(server.url));
    let stale = 0;
    let changes = 0;
    /** The newest change, of one of the executions that are looked at. */
    let latest = { id: '', number: 0 };
    let changed = Promise.withResolvers<void>();
    void (async () => {
      for await (const { entries } of client.feed({ topics: ['flows'], signal: ending.signal })) {
        changes += entries.length;
        const { id, number } = entries.at(-1) ?? latest;
        latest = { id, number };
        changed.resolve();
        changed = Promise.withResolvers();
      }
    })();
    const before = await server.measure();
    const reads = (): number => crowd.reduce((sum, viewer) => sum + viewer.reads, 0);
    const drive = (async () => {
      const order = [...hot, ...ids.filter(id => !hot.includes(id))];
      for (const [place, id] of order.entries()) {
        if (reads() >= wanted) return;
        await client.signal(id, 'go');
        // The hot ones at once, the others now and then: eight of ten changes are theirs.
        if (place >= hot.length) await new Promise(resolve => void setTimeout(resolve, 500));
      }
    })();
    await Promise.all(crowd.map(async viewer => {
      let seen = 0;
      while (reads() < wanted) {
        if (latest.number === seen) await Promise.race([changed.promise, new Promise(resolve => void setTimeout(resolve, 1_000))]);
        // What was told by now must be in what is read from now on.
        const { id, number } = latest;
        if (number === 0) continue;
        seen = number;
        if ((await viewer.read('/api/v1/executions?limit=100')) < number) stale++;
        if ((await viewer.read(`/api/v1/executions/${id}`)) < number) stale++;
      }
    }));
    await drive;
    const cpuMs = (await server.measure()) - before;
    const metrics = await (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
    const counted = [...metrics.matchAll(/^flowstone_cache_\w+\{[^}]*\} \d+/gm)].map(([line]) => line);
    const unchanged = crowd.reduce((sum, viewer) => sum + viewer.unchanged, 0);
    const rendered = Number(/cache_answers\{from="rendered"\} (\d+)/.exec(metrics)?.[1] ?? Number.NaN);
    const hitRate = 1 - rendered / reads();
    return {
      complaints: [...(stale > 0 ? [`dashboard: ${stale} stale answers`] : []), ...(hitRate > 0.9 ? [] : [`dashboard: hit rate ${hitRate}`])],
      lines: [`${viewers} viewers, ${executions} executions, most changes in 20 % of them, ${changes} changes, each followed by reads of list and execution`, `${reads()} reads, ${stale} stale (must 0), ${unchanged} answered with 304, hit rate ${(hitRate * 100).toFixed(1)} % (must > 90); ${((cpuMs * 1_000) / reads()).toFixed(0)} µs of server CPU a read, flows included`, ...counted],
    };
  } finally {
    ending.abort();
    client.close();
    await server.end();
  }
}
