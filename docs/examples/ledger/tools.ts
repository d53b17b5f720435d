import { benchmarkTools } from './benchmark-tools.ts';
import { chainTools } from './chain-tools.ts';

/** For `--tools docs/examples/ledger/tools.ts`. */
export const tools = [...chainTools, ...benchmarkTools];
