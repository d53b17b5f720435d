/** What each mistake of the first hour gets, word for word. */
export const firstHourMessages: { readonly [mistake: string]: string } = {
  'a file that is not there':
    'Expected `nowhere.yml` to be a flow\'s file, got none: there is no such file',
  'YAML that is none':
    '3 problems in a.yml:\n  1:5: Expected YAML, got something else: Nested mappings are not allowed in compact mappings; a key below another one is indented further than it, on a line of its own; a text that contains `: ` stands in quotes\n  1:5: Expected YAML, got something else: Implicit keys need to be on a single line; all keys of an object, and all `-` of a list, begin in the same column: correct the spaces before this line\n  2:11: Expected YAML, got something else: Flow sequence in block collection must be sufficiently indented and end with a ]',
  'an empty file':
    'a.yml:1:1: Expected a flow: an object with `id` and `steps`, got an empty text',
  'a list of steps with another name':
    '2 problems in a.yml:\n  1:1: Expected `steps` to be a list of at least one step, got nothing\n  2:1: Expected a flow to have no key `tasks`; did you mean `steps`?',
  'a step without `uses`':
    'a.yml:3:5: Expected `steps[0].uses` to be `tool:name`, `exec`, `http`, `sleep`, `signal`, `publish`, `await_message`, `flow:id` or `machine:id`, got nothing',
  'a tool without `tool:`':
    'a.yml:3:20: Expected `steps[0].uses` to be `tool:name`, `exec`, `http`, `sleep`, `signal`, `publish`, `await_message`, `flow:id` or `machine:id`, got `greet` (string); did you mean `tool:greet`?',
  'a tool that is not there':
    'a.yml:3:20: Expected `steps[0].uses` to be the name of a tool that is there, got `sey`; did you mean `say`? If not, hand over its tool, on the command line with --tools',
  '`needs` for `depends_on`':
    'a.yml:3:32: Expected `steps[0]` to have no key `needs`; did you mean `depends_on`?',
  'a step that is not there':
    'flow `f`: Expected `depends_on` of `b` to name steps of this flow, got `aa`; did you mean `a`?',
  'steps that wait for each other':
    'flow `f`: Expected no step to wait for itself, got the cycle `a → b → a` (each waits for the next); remove one of these from `depends_on`',
  'an id that is used twice':
    'flow `f`: Expected every step to have an id of its own, got `a` a second time; the first is `steps[0]`',
  'a duration that is none':
    'flow `f`: Expected `steps[0].timeout` to be a duration like `500ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`, `PT30S`, or a number of milliseconds, got `5 min` (string)',
  'an expression that reads a step it does not wait for':
    'flow `f`: Expected `a` to end before `b` reads it in `steps.a.output`, got a step that is not upstream; add `a` to `depends_on`',
  'a function that is asynchronous':
    'The function at `steps.a.with` could not be evaluated: expected `result` to be a JSON value; await the Promise first, got an instance of `Promise`; a value is computed at once: do what takes time in a tool',
  'a tools module without tools':
    'Expected `none.mjs` to export tools, found only `answer`. Export `tools`, a list or a record, a function per tool, or machines',
  'a tools module that is not there':
    'Expected --tools to name a module, found no file `/nowhere.ts`',
  'a tool that is no function':
    'Expected `tools.say` of `odd.mjs` to be a tool or a named function, got `hello` (string). Make it with `defineTool`, or write a function `({ input }) => output`',
  'a runtime without a store':
    'Expected `createRuntime` to be given a `store`, got nothing. Open one: `openSqliteStore({ file: \'app.db\' })` of `flowstone/sqlite`, or `createMemoryStore()` for what need not be kept',
  'an option that is misspelt':
    'Expected no option `flow` of `createRuntime`; did you mean `flows`?',
  'a flow that was not given':
    'Expected the id of a registered flow, got "ff"; did you mean `f`? Known flows: f',
  'a flow whose tool was not given':
    'The flow "f" cannot start. Waits for tools this runtime does not have: say',
  'an input that does not fit':
    'Input of flow `f`: Expected `input.n` to be of type `number`, got `x` (string)',
  'a module without flows':
    'Expected `no-flows.mjs` to export a flow made with `defineFlow`, found none',
  'a signal that is misspelt':
    'Expected a signal that the flow "asks" takes, got `aproved`; did you mean `approved`? it takes `approved`. To have it kept all the same: `force: true`, --force',
  'a payload that does not fit':
    'The payload of the signal `approved` does not fit what its flow says that it carries: payload.by: Invalid input: expected string, received number',
  'a queue whose schema is none':
    'Expected queue "q": `schema` to be a schema of zod, Valibot, ArkType or another library that follows Standard Schema, got an object with `type`',
};
