import { existsSync, statSync } from 'node:fs';
import { driveFlows } from '../harness/drive-flows.ts';

/** Warms up, then measures, as every contestant does. */
export async function measureFlows({ dependsOn, atOnce, flows, warmUp }, runFlow) {
  const stepsPerFlow = dependsOn.length;
  await driveFlows({ flows: warmUp, atOnce, stepsPerFlow, runFlow });
  return driveFlows({ flows, atOnce, stepsPerFlow, runFlow });
}

/** Bytes of a SQLite file per step, after its last connection was closed (which checkpoints it). */
export function toBytesPerStep(file, { dependsOn, flows, warmUp }) {
  const bytes = statSync(file).size + (existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0);
  return bytes / ((flows + warmUp) * dependsOn.length);
}
