/** Names of the tools in project-tools.ts: a process of a flow's own has those without being told, and its owner need not load them. */
export const projectToolNames = ['files.lines', 'files.duplicates', 'git.history', 'package.dependencies', 'report.write'] as const;
