import * as fc from 'fast-check';

// CI checks a change, not its luck: there every property takes the same values. Anywhere else they differ from run to run.
if (process.env['CI']) fc.configureGlobal({ seed: 20_261_121 });
