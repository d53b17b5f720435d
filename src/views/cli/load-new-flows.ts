import type { FlowDefinition } from '../../definition/schema.ts';
import { loadFlows } from './load-flows.ts';
import type { ToolsModule } from './load-tools.ts';

/** Loads definitions as they are now, with those that they start; none when no file is given. */
export async function loadNewFlows(files: readonly string[], cwd: string, given: Pick<ToolsModule, 'tools' | 'machines'>): Promise<FlowDefinition[]> {
  const [first, ...further] = files;
  return first === undefined ? [] : loadFlows(first, further, cwd, given);
}
