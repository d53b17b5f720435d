import type { Tool } from '../kinds/flows/tool.ts';
import { countLinesTool } from './count-lines-tool.ts';
import { findDuplicatesTool } from './find-duplicates-tool.ts';
import { gitHistoryTool } from './git-history-tool.ts';
import { packageDependenciesTool } from './package-dependencies-tool.ts';
import { writeReportTool } from './write-report-tool.ts';

/**
 * Tools that look at a folder of source code and report on it.
 *
 * The program has them; a runtime of your own has them when they are among its `tools`.
 */
export const projectTools: readonly Tool[] = [countLinesTool, findDuplicatesTool, gitHistoryTool, packageDependenciesTool, writeReportTool];
