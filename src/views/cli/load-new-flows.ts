import type { FlowDefinition } from '../../definition/schema.ts';
import type { Tool } from '../../runtime/tool.ts';
import { loadFlows } from './load-flows.ts';

/** Loads definitions as they are now, with those that they start; none when no file is given. */
export async function loadNewFlows(files: readonly string[], cwd: string, tools: readonly Tool[]): Promise<FlowDefinition[]> {
  const [first, ...further] = files;
  return first === undefined ? [] : loadFlows(first, further, cwd, tools);
}
