/*
 * Hands lines on between its standard streams and its channel to its parent, as they come: node relay-process.ts.
 * What is tried over it goes through another process both ways.
 */
import { fromProcess, fromStreams } from '../../src/owner/line-channels.ts';

const streams = fromStreams(process.stdin, process.stdout);
const channel = fromProcess(process as never);
streams.listen({ line: line => channel.send(line), closed: () => process.exit() });
channel.listen({ line: line => streams.send(line), closed: () => process.exit() });
channel.send('0 {"type":"ready"}');
