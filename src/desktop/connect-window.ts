import type { FlowstoneClient } from '../client/client-api.ts';
import { connectOver } from '../client/connect.ts';
import type { WindowBridge } from './window-port.ts';
import { openWindow } from './window-port.ts';

/**
 * Makes a client of the app's runtime, in a page. It outlives the runtime's process: what has no answer is asked again by the same key,
 * and whoever follows goes on where it was. Has no `read`: there is no server.
 *
 * @param bridge default: `window.flowstone`, as `exposePort` or the shell has put it there
 */
export const connectWindow = (bridge?: WindowBridge): FlowstoneClient => connectOver(() => openWindow(bridge));
