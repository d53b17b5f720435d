/* In place of a runtime: hands its lines on to a local socket and back, as they come. node relay-runtime.js --socket FILE */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { fromStreams } from '../../src/owner/line-channels.ts';

const { values: { socket = '' } } = parseArgs({ options: { socket: { type: 'string' }, db: { type: 'string' } } });
const stream = connect(socket);
const [far, near] = [fromStreams(stream, stream), fromStreams(process.stdin, process.stdout)];
near.listen({ line: line => far.send(line), closed: () => process.exit() });
far.listen({ line: line => near.send(line), closed: () => process.exit() });
stream.on('connect', () => near.send('0 {"type":"ready"}'));
