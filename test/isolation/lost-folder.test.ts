import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import { expectLawful, makePlace, openIsolated } from './open-isolated.ts';
import { until } from '../kit/until.ts';

const wait: FlowSource = {
  id: 'wait', flow_type: 'static',
  steps: [{ id: 'first', uses: 'tool:work', with: { size: 5 } }, { id: 'answer', uses: 'signal', with: { name: 'go' }, depends_on: ['first'] }],
};
const brief: FlowSource = { id: 'brief', flow_type: 'static', steps: [{ id: 'only', uses: 'tool:work', with: { size: 1 } }] };
const plain: FlowSource = { id: 'plain', steps: [{ id: 'only', uses: 'exec', with: { command: process.execPath, args: ['--version'] } }] };

describe('what a process left behind', () => {
  it.each([
    ['is gone', (folder: string) => rmSync(folder, { recursive: true })],
    ['is damaged', (folder: string) => appendFileSync(join(folder, 'journal.jsonl'), 'garbage\n')],
    ['has begun anew', (folder: string) => writeFileSync(join(folder, 'journal.jsonl'), '')],
  ])('fails its execution when it %s, and no other', async (_how, harm) => {
    const place = makePlace();
    const before = await openIsolated(place, [wait, plain]);
    const { executionId } = await before.start('wait');
    await until(async () => (await (await before.get(executionId)).get()).steps[0]?.status === 'completed', 'the first step has completed');
    await before.stop();
    harm(join(place.processes, executionId));

    const runtime = await openIsolated(place, [wait, plain]);
    const { status, failure, steps } = await (await runtime.get(executionId)).settled();
    expect([status, failure?.code]).toEqual(['failed', 'process_damaged']);
    expect(steps.map(step => step.status)).toEqual(['completed', 'cancelled']);
    expect(await (await runtime.start('plain')).settled()).toMatchObject({ passed: true });
    await runtime.stop();
    await expectLawful(place, executionId);
  });

  it('cannot be where a file is, which is said and harms nothing else', async () => {
    const place = makePlace();
    writeFileSync(place.processes, '');
    const runtime = await openIsolated(place, [brief, plain]);
    await expect(runtime.start('brief')).rejects.toMatchObject({ code: 'isolation_unavailable' });
    expect(await (await runtime.start('plain')).settled()).toMatchObject({ passed: true });
  });
});
