import type { FlowRuntime } from '../kinds/flows/flow-runtime.ts';
import { compiledMachines } from '../kernel/machines.ts';
import type { ResolvedOptions } from '../kinds/flows/resolved-options.ts';
import { builtInTools } from '../tools/built-in.ts';
import { projectToolNames } from '../tools/project-tool-names.ts';
import type { IsolationOptions } from './isolation-options.ts';
import { resolveIsolation } from './isolation-options.ts';
import { Isolations } from './isolations.ts';
import { ProcessFolders } from './process-folders.ts';

/** Lets a runtime have flows run in processes of their own, unless it was told not to. */
export function isolate(core: FlowRuntime, resolved: ResolvedOptions, { isolation = {} }: { readonly isolation?: IsolationOptions | false }): void {
  const { engine, store, plans, endWatchers } = core;
  if (isolation === false) return;
  const own = resolveIsolation(isolation);
  const { clock, logger, maxRunningSteps, maxInterruptions, maxOutputBytes, expressionTimeLimitMs, maxArtifactBytes, outputDir, secrets } = resolved;
  const isolations = new Isolations({
    store, plans, endWatchers, clock, logger, flows: core,
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
  engine.add(isolations);
}
