/* Gives a forked process what Electron gives a utility process: `process.parentPort`, and ports that come with messages. */
import { EventEmitter } from 'node:events';
import type { ChanneledProcess } from '../../src/owner/line-channels.ts';
import { fromProcess } from '../../src/owner/line-channels.ts';
import { PortSwitch } from '../../src/owner/port-switch.ts';

const parentPort = Object.assign(new EventEmitter(), { postMessage: (data: object) => ports.control({ data }) });
const ports: PortSwitch = new PortSwitch(fromProcess(process as ChanneledProcess), said => {
  const { data, number } = said as { readonly data: unknown; readonly number?: number };
  parentPort.emit('message', { data, ports: number === undefined ? [] : [createPort(number)] });
}, () => {});

/** `MessagePortMain`, over a numbered one. */
function createPort(number: number) {
  const port = ports.open(number);
  const emitter: EventEmitter = new EventEmitter();
  return Object.assign(emitter, {
    postMessage: (text: string) => port.post(text),
    start: () => port.listen({ text: data => void emitter.emit('message', { data, ports: [] }), closed: () => void emitter.emit('close') }),
    close: () => port.close(),
  });
}

(process as { parentPort?: unknown }).parentPort = parentPort;
