import type { JoinedRuntime, JoinOptions } from './join-runtime.ts';
import type { Runtime, RuntimeOptions } from './api.ts';

// A runtime is most of the code, and XState with it: a program that imports the package pays for it when it opens one.

/**
 * Opens a runtime: takes ownership of the store, goes on with what is unfinished, and is ready to start flows.
 *
 * @example
 * ```ts
 * import { createRuntime, defineFlow } from 'flowstone';
 * import { openSqliteStore } from 'flowstone/sqlite';
 *
 * const hello = defineFlow({ id: 'hello', steps: [{ id: 'say', uses: 'exec', with: { command: 'echo', args: ['hello'] } }] });
 * const runtime = await createRuntime({ store: openSqliteStore({ file: 'app.db' }), flows: [hello] });
 * const execution = await runtime.start('hello');
 * const { status, score, steps } = await execution.settled();
 * await runtime.stop();
 * ```
 *
 * @throws a `FlowError` with code `store_owned` when another process owns the store, `option_invalid` or
 * `definition_invalid` when an option or a flow is wrong
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const runtime = await import('./create-runtime.ts');
  return runtime.createRuntime(options);
}

/**
 * Takes part in a store: owns it when nobody does, works through its owner otherwise, and takes over when that one dies.
 *
 * @example
 * ```ts
 * import { defineQueue, joinRuntime } from 'flowstone';
 * import { openSqliteReader, openSqliteStore } from 'flowstone/sqlite';
 *
 * const file = 'app.db';
 * const jobs = defineQueue({ name: 'jobs' });
 * const joined = await joinRuntime({ open: () => openSqliteStore({ file }), read: () => openSqliteReader({ file }), queues: [jobs] });
 * await joined.consume(jobs, ({ payload }) => console.log(payload));
 * ```
 *
 * @throws what `open` throws, and the `FlowError`s of `createRuntime` but for `store_owned`
 */
export async function joinRuntime(options: JoinOptions): Promise<JoinedRuntime> {
  const runtime = await import('./join-runtime.ts');
  return runtime.joinRuntime(options);
}
