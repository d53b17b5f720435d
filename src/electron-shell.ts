/* For shells other than Electron that begin a process and have pages, such as WebKitGTK in gjs: nothing but the language is in it. */
export type { AdmittedPage, Shell, ShellOptions, ShellPage, SpawnedProcess } from './desktop/shell.ts';
export { createShell, pageScript } from './desktop/shell.ts';
export type { RestartOptions } from './desktop/supervisor.ts';
