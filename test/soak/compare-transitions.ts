import { join } from 'node:path';
import { connect } from 'flowstone/client';
import { WebSocket } from 'ws';
import { token } from './chain.ts';
import type { SoakResult } from './load.ts';
import { SoakClient, Tally } from './soak-client.ts';
import { SoakProcess } from './soak-process.ts';

const clients = 300;
const executions = 30;
const wait = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms));

/** CPU of the server, ms, while so many clients follow one execution each. */
async function measure(folder: string, how: 'feed' | 'transitions' | 'nobody'): Promise<number> {
  const server = new SoakProcess(join(folder, `${how}.db`), 20);
  await server.begin();
  const client = connect(server.url, { token });
  const ends: (() => void)[] = [() => client.close()];
  try {
    const ids = await Promise.all(Array.from({ length: executions }, async () => (await client.start('chain')).executionId));
    const tally = new Tally();
    let updates = 0;
    for (let number = 0; how !== 'nobody' && number < clients; number++) {
      const id = ids[number % executions] as string;
      if (how === 'feed') {
        const follower = new SoakClient(server.url, [`flow:${id}`], tally);
        follower.connect();
        ends.push(() => follower.close());
      } else {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/naive`, { perMessageDeflate: false });
        socket.on('open', () => socket.send(id)).on('message', () => updates++).on('error', () => {});
        ends.push(() => socket.terminate());
      }
    }
    await wait(3_000);
    const before = await server.measure();
    await Promise.all(ids.map(async id => {
      await client.signal(id, 'go');
      await client.settled(id);
    }));
    await wait(1_000);
    if (how === 'transitions' && updates < clients * 60) throw new Error(`Only ${updates} updates came`);
    if (how === 'feed' && tally.events < clients * 60) throw new Error(`Only ${tally.events} events came`);
    return (await server.measure()) - before;
  } finally {
    for (const end of ends) end();
    await server.end();
  }
}

/** The feed beside one `transitions()` for each client. */
export async function compareWithTransitions(folder: string): Promise<SoakResult> {
  const nobody = await measure(folder, 'nobody');
  const [feed, transitions] = [await measure(folder, 'feed'), await measure(folder, 'transitions')];
  const ratio = (transitions - nobody) / (feed - nobody);
  return {
    complaints: [],
    lines: [`${clients} clients with one of ${executions} executions each, server CPU: feed ${feed.toFixed(0)} ms, transitions ${transitions.toFixed(0)} ms, nobody ${nobody.toFixed(0)} ms`,
      `without the flows themselves ${(feed - nobody).toFixed(0)} and ${(transitions - nobody).toFixed(0)} ms: ${ratio.toFixed(1)} times less (must ≥ 3); with them ${(transitions / feed).toFixed(1)} times`],
  };
}
