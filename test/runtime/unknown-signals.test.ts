import { createMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const machine = createMachine({ id: 'desk', initial: 'open', states: { open: { on: { approve: 'closed', 'order.*': 'closed' } }, closed: { type: 'final' } } });
const flow: FlowSource = {
  id: 'f', steps: [
    { id: 'wait', uses: 'signal', with: { name: 'go' } },
    { id: 'pay', uses: 'tool:broken', recover: { ask: { signal: 'pay-decision' } } },
    { id: 'desk', uses: 'machine:desk' },
  ],
};
const broken = { broken: () => Promise.reject(new Error('broken')) };

describe('a signal', () => {
  it.each<[name: string, isTaken: boolean]>([
    ['go', true], ['pay-decision', true], ['approve', true], ['order.paid', true], ['desk/approve', true],
    ['goo', false], ['approved', false], ['desk/approved', false], ['other/approve', false], ['message:wait', false], ['recover.pay', false],
  ])('is taken when a step or a machine of the flow takes it: %s, %s', async (name, isTaken) => {
    const { runtime } = await openRuntime(flow, broken, { machines: [machine] });
    const execution = await runtime.start('f');
    await settleTicks();
    const payload = name === 'pay-decision' ? { action: 'skip' } : {};
    if (isTaken) await execution.signal(name, payload);
    else {
      const refusal = { code: 'signal_unknown', details: { signal: name, signals: ['go', 'pay-decision', 'approve', 'order.*'] } };
      await expect(execution.signal(name, payload)).rejects.toMatchObject(refusal);
      await expect(runtime.signal(execution.executionId, name, payload)).rejects.toMatchObject(refusal);
      await runtime.signal(execution.executionId, name, payload, { force: true });
    }
    await runtime.stop({ timeoutMs: 0 });
  });

  it('names the one that was meant, and is any where an expression names it', async () => {
    const { runtime } = await openRuntime([flow, { id: 'named', steps: [{ id: 'wait', uses: 'signal', with: { name: '{% input.name %}' } }] }, { id: 'none', steps: [{ id: 'a', uses: 'sleep', with: { for: '1d' } }] }], broken, { machines: [machine] });
    const { executionId } = await runtime.start('f');
    await expect(runtime.signal(executionId, 'og')).rejects.toThrow('did you mean `go`?');
    const named = await runtime.start('named', { input: { name: 'x' } });
    await named.signal('x', 1);
    expect(await named.settled()).toMatchObject({ passed: true });
    await expect((await runtime.start('none')).signal('go')).rejects.toThrow('it takes none');
    await runtime.stop({ timeoutMs: 0 });
  });
});
