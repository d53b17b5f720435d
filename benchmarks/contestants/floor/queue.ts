import { join } from 'node:path';
import { driveQueue, makePayload } from '../../harness/drive-queue.ts';
import type { Run } from '../../harness/trial.ts';
import type { QueueParameters } from '../../trials/queue.ts';
import { recordMessage } from './record-ticks.ts';
import { Replay } from './replay.ts';

/** The rows of the messages: a transaction per publish; then, as in Flowstone, a batch is done in the one in which the next is claimed. */
const run: Run<QueueParameters> = async ({ messages, batch, processes, durability }, { directory }) => {
  if (processes > 1) throw Object.assign(new Error('one process writes'), { name: 'Skipped' });
  const replay = new Replay(join(directory, 'app.db'), durability, await recordMessage(directory, makePayload(0)));
  let published = 0;
  let handled = 0;
  const publish = (payloads: readonly unknown[]): void => {
    replay.write(0, published + 1, payloads.length);
    published += payloads.length;
  };
  const handle = (): void => {
    for (let claimed = 0; handled < published; ) {
      const next = Math.min(batch, published - handled - claimed);
      replay.writeAll([{ tick: 2, from: handled + 1, count: claimed }, { tick: 1, from: handled + claimed + 1, count: next }]);
      handled += claimed;
      claimed = next;
    }
  };
  const isDone = (): boolean => handled === published;
  await driveQueue({ messages: Math.ceil(messages / 4), batch }, { publish, begin: handle, isDone });
  const measured = await driveQueue({ messages, batch }, { publish, begin: handle, isDone });
  replay.database.close();
  return measured;
};

export default run;
