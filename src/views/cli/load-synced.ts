import { compileStored } from '../../definition/compile-stored.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { CommandContext } from './command-context.ts';
import { hasDatabase } from './database-file.ts';
import { openClientForWork } from './database-client.ts';

/**
 * Finds a flow by its id among those that `sync` has taken over, with the flows it starts.
 *
 * @returns undefined when there is none of that id
 */
export async function loadSynced(flowId: string, database: string, context: CommandContext): Promise<[FlowDefinition, ...FlowDefinition[]] | undefined> {
  if (!hasDatabase(database)) return undefined;
  const client = openClientForWork(database, context);
  const { reader } = client;
  try {
    const found = new Map<string, FlowDefinition>();
    const read = async (id: string): Promise<void> => {
      const flow = found.has(id) ? undefined : await reader.catalog.getFlow(id);
      const stored = flow && (await reader.getDefinition(flow.digest));
      if (!stored) return;
      const { definition, flows } = compileStored(stored);
      found.set(id, definition);
      for (const other of flows) await read(other);
    };
    await read(flowId);
    const [main, ...others] = found.values();
    return main && [main, ...others];
  } finally {
    client.close();
  }
}
