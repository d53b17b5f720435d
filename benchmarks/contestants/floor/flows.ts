import { join } from 'node:path';
import { toSpeed } from '../../harness/drive-flows.ts';
import type { Measurements, Run } from '../../harness/trial.ts';
import type { FlowsParameters } from '../../trials/flows.ts';
import { measureEmptySize, readSize, toFlow } from '../flowstone/open.ts';
import { recordTicks } from './record-ticks.ts';
import { Replay } from './replay.ts';

/**
 * The same rows, nothing around them.
 *
 * @param grouped one transaction per tick of all flows that are under way, as Flowstone does; or one per tick of each flow
 */
export async function writeFlows({ dependsOn, atOnce, flows, warmUp, durability }: FlowsParameters, directory: string, grouped: boolean): Promise<Measurements> {
  const empty = await measureEmptySize(directory);
  const ticks = await recordTicks(directory, toFlow('bench', dependsOn));
  const file = join(directory, 'app.db');
  const replay = new Replay(file, durability, ticks);
  const write = (from: number, count: number): void => {
    for (let first = from; first < from + count; first += atOnce) {
      const together = Math.min(atOnce, from + count - first);
      for (let tick = 0; tick < replay.ticks; tick++) {
        if (grouped) replay.write(tick, first, together);
        else for (let key = first; key < first + together; key++) replay.write(tick, key, 1);
      }
    }
  };
  write(1, warmUp);
  const begun = performance.now();
  write(warmUp + 1, flows);
  const measured = toSpeed(performance.now() - begun, flows, dependsOn.length);
  replay.database.close();
  return { ...measured, bytesPerStep: (readSize(file) - empty) / ((flows + warmUp) * dependsOn.length) };
}

const run: Run<FlowsParameters> = (parameters, { directory }) => writeFlows(parameters, directory, true);

export default run;
