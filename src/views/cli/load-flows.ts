import { readUses } from '../../definition/step-kinds.ts';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { FlowDefinition } from '../../definition/schema.ts';
import { builtInTools } from '../../tools/built-in.ts';
import { loadDefinition } from './load-definition.ts';
import type { ToolsModule } from './load-tools.ts';

/** Flows that the steps of a definition start. */
function listStartedFlows({ steps }: FlowDefinition): string[] {
  return steps.flatMap(({ uses }) => {
    const read = readUses(uses);
    return read?.kind.role === 'flow' ? [read.target] : [];
  });
}

/**
 * Loads a definition and those it starts with `flow:id`: from `--flow`, else from `<id>.yml` or `<id>.yaml` beside it.
 *
 * @returns the definition asked for first
 */
export async function loadFlows(file: string, further: readonly string[], cwd: string, { tools, machines }: Pick<ToolsModule, 'tools' | 'machines'>): Promise<[FlowDefinition, ...FlowDefinition[]]> {
  const path = resolve(cwd, file);
  const names = [...builtInTools, ...tools].map(({ name }) => name);
  const load = (at: string): Promise<FlowDefinition> => loadDefinition(at, names, tools, machines.map(({ machine }) => machine.id));
  const main = await load(path);
  const byId = new Map([[main.id, main]]);
  for (const other of further) {
    const definition = await load(resolve(cwd, other));
    byId.set(definition.id, definition);
  }
  byId.set(main.id, main);
  // The map grows while it is walked: flows started by flows are found too.
  for (const definition of byId.values()) {
    for (const id of listStartedFlows(definition)) {
      if (byId.has(id)) continue;
      const beside = [`${id}.yml`, `${id}.yaml`].map(name => join(dirname(path), name)).find(existsSync);
      if (beside !== undefined) byId.set(id, await load(beside));
    }
  }
  return [main, ...[...byId.values()].filter(definition => definition !== main)];
}
