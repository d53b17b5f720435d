import { defineBuiltIn } from './define-built-in.ts';
import { jsonValue } from './json-value.ts';

/** For what several steps need and expressions can compute: written once, stored, readable in the results. */
export const makeValueTool = defineBuiltIn({
  name: 'value.make',
  description: 'Returns what it is given: a place for values that expressions compute.',
  input: jsonValue,
  output: jsonValue,
  run: async ({ input }) => input,
});
