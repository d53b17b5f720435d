/* A program that forgets something: `stop`, or to await what it has asked for. The test that begins it says what. */
import { createServer } from 'node:net';
import { setup } from 'xstate';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import { warnWhenForgotten } from '../../src/engine/idle-warning.ts';

const [, , what, path] = process.argv;
if (what === 'stop') {
  // As the runtime's own, but that it looks more often: nothing but a socket for others keeps the process alive.
  const server = createServer().listen(path);
  process.on('warning', ({ name, message, ...rest }) => {
    process.stdout.write(`${JSON.stringify({ name, code: (rest as { code?: string }).code, message })}\n`);
    server.close();
  });
  warnWhenForgotten(() => false, 20);
} else {
  const machine = setup({}).createMachine({ id: 'm', initial: 'on', states: { on: { on: { end: 'off' } }, off: {} } });
  const flow = defineFlow({ id: 'f', steps: [{ id: 'a', uses: 'signal', with: { name: 'go' } }] });
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow], machines: [machine] });
  const execution = await runtime.start('f');
  const actor = await runtime.spawn(machine, { id: 'a' });
  if (what === 'settled') void execution.settled();
  else if (what === 'runtime.settled') void runtime.settled(execution.executionId);
  else if (what === 'waitFor') void actor.waitFor(({ value }) => value === 'off');
  else if (what === 'awaited') await Promise.race([execution.settled().catch((error: { code: string }) => process.stdout.write(error.code)), runtime.stop()]);
  await new Promise(resolve => setImmediate(resolve));
  await runtime.stop();
  process.stdout.write('stopped\n');
}
