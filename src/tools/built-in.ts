import type { Tool } from '../runtime/tool.ts';
import { countLinesTool } from './count-lines-tool.ts';
import { createExecTool } from './exec.ts';
import { largestFilesTool, listFilesTool } from './file-tools.ts';
import { findDuplicatesTool } from './find-duplicates-tool.ts';
import { gitHistoryTool } from './git-history-tool.ts';
import { createHttpTool } from './http.ts';
import { makeValueTool } from './make-value-tool.ts';
import { packageDependenciesTool } from './package-dependencies-tool.ts';
import { publishTool } from './publish-tool.ts';
import { writeReportTool } from './write-report-tool.ts';

/** Tools that every runtime has. */
export const builtInTools: readonly Tool[] = [
  createExecTool(),
  createHttpTool(),
  makeValueTool,
  listFilesTool,
  countLinesTool,
  largestFilesTool,
  findDuplicatesTool,
  gitHistoryTool,
  packageDependenciesTool,
  publishTool,
  writeReportTool,
];
