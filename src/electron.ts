/* For the main process and the utility process of an Electron app; what its windows need is in `flowstone/electron/window`. */
export type { Embedded, EmbedOptions } from './desktop/embed.ts';
export { embed } from './desktop/embed.ts';
export type { ElectronMain, ElectronWindow } from './desktop/electron-api.ts';
export type { RestartOptions, RuntimeProcessState } from './desktop/supervisor.ts';
export { serveUtility } from './desktop/serve-utility.ts';
export type { Carrier } from './owner/carrier.ts';
export type { Scope } from './owner/protocol.ts';
