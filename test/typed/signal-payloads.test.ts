import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore, createRuntime, defineFlow, type Runtime } from '../../src/index.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { run } from '../views/program-harness.ts';

const flow = defineFlow(
  { id: 'review', version: '2', steps: [{ id: 'ask', uses: 'signal', with: { name: 'approved' } }, { id: 'nod', uses: 'signal', with: { name: 'nod' } }, { id: 'free', uses: 'signal', with: { name: 'known' } }] },
  { signals: { approved: z.object({ by: z.string(), note: z.string().default('none') }), nod: z.string().optional(), known: v.objectAsync({ by: v.pipeAsync(v.string(), v.checkAsync(async by => by !== 'eve', 'is not one of us')) }) } },
);

async function withRuntime(work: (runtime: Runtime) => Promise<void>): Promise<void> {
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow] });
  try {
    await work(runtime);
  } finally {
    await runtime.stop();
  }
}

describe('payloads of signals', () => {
  it('are held to the schemas of their flow, which fill in defaults', () => withRuntime(async runtime => {
    const execution = await runtime.start(flow);
    // @ts-expect-error by is a text
    await expect(execution.signal('approved', { by: 5 })).rejects.toMatchObject({
      code: 'signal_payload_invalid', details: { signal: 'approved' },
      message: 'The payload of the signal `approved` does not fit what its flow says that it carries: payload.by: Invalid input: expected string, received number',
    });
    await expect(runtime.signal(execution.executionId, 'approved')).rejects.toMatchObject({ code: 'signal_payload_invalid' });
    await execution.signal('approved', { by: 'ada' });
    await execution.signal('nod');
    await expect(execution.signal('known', { by: 'eve' })).rejects.toMatchObject({ code: 'signal_payload_invalid', message: expect.stringContaining('payload.by: is not one of us') });
    await execution.signal('known', { by: 'ada' });
    expect((await execution.settled()).outputs).toEqual({ ask: { by: 'ada', note: 'none' }, nod: null, free: { by: 'ada' } });
  }));

  it('are held to them when another process sends them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signals-'));
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'flowstone.db') }), flows: [flow] });
    const execution = await runtime.start(flow);
    const send = (payload: string) => run(['signal', execution.executionId, 'approved', payload], folder);
    expect(await send('{ "by": 5 }')).toMatchObject({ code: 2, stderr: expect.stringContaining('payload.by: Invalid input: expected string, received number') });
    expect(await send('{ "by": "ada" }')).toMatchObject({ code: 0 });
    await expect.poll(async () => (await execution.get()).steps[0]?.output, { timeout: 60_000 }).toEqual({ by: 'ada', note: 'none' });
    await runtime.stop();
    rmSync(folder, { recursive: true });
  });

  it('change neither the definition nor its digest', async () => {
    const plain = defineFlow(JSON.parse(JSON.stringify(flow)));
    expect(plain).not.toBe(flow);
    expect(JSON.stringify(plain)).toBe(JSON.stringify(flow));
    await withRuntime(async runtime => {
      const execution = await runtime.start(plain);
      await expect(execution.signal('approved', {})).rejects.toMatchObject({ code: 'signal_payload_invalid' });
    });
  });
});
