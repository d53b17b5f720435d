import type { Trial } from '../harness/trial.ts';
import { actors } from './actors.ts';
import { chain } from './chain.ts';
import { coldStart } from './cold-start.ts';
import { dag } from './dag.ts';
import { disk } from './disk.ts';
import { documents } from './documents.ts';
import { fanOut } from './fan-out.ts';
import { history } from './history.ts';
import { idle } from './idle.ts';
import { largeArtifacts } from './large-artifacts.ts';
import { latency } from './latency.ts';
import { longFlow } from './long-flow.ts';
import { pipeline } from './pipeline.ts';
import { queue } from './queue.ts';
import { queueLatency } from './queue-latency.ts';
import { recovery } from './recovery.ts';
import { step } from './step.ts';
import { wakeUp } from './wake-up.ts';

/** In the order in which they run. */
export const trials: readonly Trial[] = [step, chain, dag, fanOut, latency, longFlow, disk, history, recovery, wakeUp, idle, coldStart, pipeline, documents, largeArtifacts, queue, queueLatency, actors];
