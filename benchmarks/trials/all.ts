import type { Trial } from '../harness/trial.ts';
import { chain } from './chain.ts';
import { dag } from './dag.ts';

/** In the order in which they run. */
export const trials: readonly Trial[] = [chain, dag];
