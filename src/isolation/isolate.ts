import type { RuntimeOptions } from '../runtime/api.ts';
import type { FlowRuntime } from '../runtime/flow-runtime.ts';
import { compiledMachines } from '../runtime/machines.ts';
import type { ResolvedOptions } from '../runtime/runtime-options.ts';
import { builtInTools } from '../tools/built-in.ts';
import { projectToolNames } from '../tools/project-tool-names.ts';
import { resolveIsolation } from './isolation-options.ts';
import { Isolations } from './isolations.ts';
import { ProcessFolders } from './process-folders.ts';

/** Lets a runtime have flows run in processes of their own, unless it was told not to. */
export function isolate(core: FlowRuntime, resolved: ResolvedOptions, { isolation = {} }: RuntimeOptions): void {
  const { store, plans, endWatchers } = core;
  if (isolation === false) return;
  const own = resolveIsolation(isolation);
  const { clock, logger, maxRunningSteps, maxInterruptions, maxOutputBytes, expressionTimeLimitMs, maxArtifactBytes, outputDir, secrets } = resolved;
  const isolations = new Isolations({
    store, plans, endWatchers, clock, logger,
    machines: compiledMachines,
    isolation: own,
    builtIn: new Set([...builtInTools.map(({ name }) => name), ...projectToolNames]),
    request: { limits: { maxRunningSteps, maxInterruptions, maxOutputBytes, expressionTimeLimitMs, maxArtifactBytes }, outputDir },
    secrets,
    folders: new ProcessFolders(store, own.folder),
    takeKey: () => core.takeKey(),
    mayContinue: record => core.mayContinue(record),
  });
  core.isolation = isolations;
  core.participants.add(isolations);
}
