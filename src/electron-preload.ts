/* For preload scripts: short, and nothing of Node.js is in it. */
export type { ElectronPreload } from './desktop/electron-api.ts';
export { exposePort } from './desktop/expose-port.ts';
