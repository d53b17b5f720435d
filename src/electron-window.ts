/* For pages in windows: nothing of Node.js is in it. */
export type { OpenPort, WindowBridge } from './desktop/window-port.ts';
export { openWindow } from './desktop/window-port.ts';
export { connectWindow } from './desktop/connect-window.ts';
export type { Carrier } from './owner/carrier.ts';
export type { FlowstoneClient } from './client/client-api.ts';
