/*
 * Runs one execution for the owner of a database, and opens none: `node isolated-process.js FOLDER`. What to run stands in
 * the folder's request.json; what becomes of it is committed to the store of files in the same folder.
 */
import { readFileSync } from 'node:fs';
import { isFlowError } from './core/errors.ts';
import { openFilesStore } from './files.ts';
import { readRequest, writeProcessError } from './isolation/request-file.ts';
import { ownedExitCode } from './isolation/runner-process.ts';
import { createRuntimeOn } from './runtime/create-runtime.ts';
import type { FlowRuntime } from './kinds/flows/flow-runtime.ts';
import { compiledMachines } from './kernel/machines.ts';
import type { StartParams } from './kinds/flows/starter.ts';
import { loadToolsModule } from './views/cli/load-tools.ts';

const folder = process.argv[2] ?? '';

async function run(): Promise<void> {
  const request = readRequest(folder);
  const { executionId, flowId, input, definitions, cwd, durability, stopMs, limits, outputDirs } = request;
  const secrets = JSON.parse(readFileSync(0, 'utf8')) as string[];
  let stop: (() => void) | undefined;
  const asked = new Promise<void>(resolve => (stop = resolve));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop?.());
  const { tools, models } = await loadToolsModule(request.tools ?? undefined, cwd);
  const store = openFilesStore({ folder, durability });
  const outputDir = (flow: { readonly flowId: string }): string | undefined => outputDirs[flow.flowId];
  let core: FlowRuntime | undefined;
  const runtime = await createRuntimeOn(compiledMachines, { store, tools, flows: definitions, isolation: false, retentionMs: null, secrets, outputDir, ...(models && { models }), ...limits }, given => (core = given));
  const params: StartParams = { input, executionId };
  const begun = await store.getExecution(executionId);
  // Under the id that its owner has given it, which callers do not choose.
  if (!begun) await core?.start(flowId, params);
  await Promise.race([runtime.settled(executionId), asked]);
  await runtime.stop({ timeoutMs: stopMs });
}

try {
  await run();
  process.exit(0);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(error);
  if (isFlowError(error, 'store_owned')) process.exit(ownedExitCode);
  writeProcessError(folder, { code: isFlowError(error) ? error.code : 'internal_error', message });
  process.exit(1);
}
