import type { Tool } from '../kinds/flows/tool.ts';
import { createExecTool } from './exec.ts';
import { largestFilesTool, listFilesTool } from './file-tools.ts';
import { createHttpTool } from './http.ts';
import { makeValueTool } from './make-value-tool.ts';
import { publishTool } from './publish-tool.ts';

/** Tools that every runtime has. */
export const builtInTools: readonly Tool[] = [createExecTool(), createHttpTool(), makeValueTool, listFilesTool, largestFilesTool, publishTool];
