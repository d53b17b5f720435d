import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:t' }] };
const sha = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe('an artifact that a handler makes while it runs', () => {
  it('can be read as soon as it is stored, while the step runs', async () => {
    const gate = createGate();
    const { runtime } = await openRuntime(flow, {
      t: async ({ artifact }: ToolCall) => {
        const info = await artifact('plans/draft.md', '# Draft\n');
        expect(info).toMatchObject({ name: 'plans/draft.md', version: 1, kind: 'markdown', contentType: 'text/markdown; charset=utf-8', stepId: 'a', size: 8 });
        await gate.promise;
        return null;
      },
    });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    expect(await runtime.artifacts.list(executionId)).toEqual([
      { name: 'plans/draft.md', version: 1, stepId: 'a', item: undefined, attempt: 1, kind: 'markdown', contentType: 'text/markdown; charset=utf-8', file: 'plans/draft.md', size: 8, sha256: sha('# Draft\n'), createdAt: 1_767_225_600_000 },
    ]);
    expect(await (await runtime.artifacts.get(executionId, 'plans/draft.md')).text()).toBe('# Draft\n');
    gate.open();
    expect((await runtime.settled(executionId)).passed).toBe(true);
    await runtime.stop();
  });

  it('keeps bytes, empty contents and streams as they are', async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    const large = Buffer.alloc(900_000, 'ä');
    async function* stream(): AsyncGenerator<string | Uint8Array> {
      yield 'head\n';
      for (let at = 0; at < large.length; at += 70_001) yield large.subarray(at, at + 70_001);
    }
    async function* nothing(): AsyncGenerator<string> {}
    const { runtime } = await openRuntime(flow, {
      t: async ({ artifact }: ToolCall) => {
        await artifact('b.bin', bytes);
        await artifact('empty.txt', '');
        await artifact('stream.log', stream(), { kind: 'text' });
        await artifact('nothing.log', nothing());
        await artifact('large.txt', large);
        return null;
      },
    });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    const read = async (name: string): Promise<Buffer> => Buffer.from(await (await runtime.artifacts.get(executionId, name)).bytes());
    expect((await read('b.bin')).equals(bytes)).toBe(true);
    expect(await read('empty.txt')).toHaveLength(0);
    expect(await read('nothing.log')).toHaveLength(0);
    expect((await read('large.txt')).equals(large)).toBe(true);
    const whole = Buffer.concat([Buffer.from('head\n'), large]);
    expect((await read('stream.log')).equals(whole)).toBe(true);
    const infos = await runtime.artifacts.list(executionId);
    expect(infos.map(({ name, size, sha256 }) => [name, size, sha256])).toEqual([
      ['b.bin', 1000, sha(bytes)], ['empty.txt', 0, sha('')], ['large.txt', large.length, sha(large)], ['nothing.log', 0, sha('')], ['stream.log', whole.length, sha(whole)],
    ]);
    await runtime.stop();
  });

  it('reads a piece of a stream only when the one before is stored', async () => {
    const sizes: number[] = [];
    const { runtime, store } = await openRuntime(flow, {
      t: async ({ artifact }: ToolCall) => {
        async function* stream(): AsyncGenerator<Uint8Array> {
          for (let piece = 0; piece < 4; piece++) {
            yield new Uint8Array(256 * 1024);
            sizes.push((await store.artifacts?.readPiece(1, 1, piece))?.length ?? 0);
          }
        }
        await artifact('a.bin', stream());
        return null;
      },
    });
    await (await runtime.start('f')).settled();
    expect(sizes).toEqual([262_144, 262_144, 262_144, 262_144]);
    await runtime.stop();
  });

  it('shows nothing of a stream that breaks off, and keeps nothing of it', async () => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(300_000);
      throw new Error('The source broke');
    }
    const { runtime, store } = await openRuntime(flow, { t: ({ artifact }: ToolCall) => artifact('a.bin', stream()).catch(error => String(error)) });
    const execution = await runtime.start('f');
    const { steps } = await execution.settled();
    // An emission that fails, fails the step, even if the handler looks away.
    expect(steps[0]).toMatchObject({ status: 'failed', reason: { message: 'The source broke' } });
    await settleTicks();
    expect(await runtime.artifacts.list(execution.executionId)).toEqual([]);
    expect(await store.artifacts?.listContents(1)).toEqual([]);
    await runtime.stop();
  });

  it('makes a step wait until what it did not wait for is stored', async () => {
    const { runtime } = await openRuntime(flow, {
      t: ({ artifact }: ToolCall) => {
        void artifact('a.txt', 'one');
        void artifact('a.txt', 'two');
        return 'done';
      },
    });
    const execution = await runtime.start('f');
    expect((await execution.settled()).passed).toBe(true);
    expect((await runtime.artifacts.list(execution.executionId, { versions: 'all' })).map(({ version }) => version)).toEqual([1, 2]);
    expect(await (await runtime.artifacts.get(execution.executionId, 'a.txt')).text()).toBe('two');
    expect(await (await runtime.artifacts.get(execution.executionId, 'a.txt', { version: 1 })).text()).toBe('one');
    await runtime.stop();
  });

  it.each([
    ['../a', '`..` is a part of it'], ['/etc/passwd', 'it is an absolute path'], ['a/../../b', '`..` is a part of it'], ['a\0b', 'there is a character in it that cannot be seen, U+0000'], ['a\u009Bb', 'U+009B'], ['a\u202Efdp.txt', 'U+202E'], ['a\u200F', 'U+200F'], ['a\u2028b', 'U+2028'],
    ['C:\\a', 'there is `:` in it'], ['a\\b', 'there is `\\` in it'], ['CON', '`CON` is a device on Windows'], ['x/nul.txt', '`nul.txt` is a device on Windows'],
    ['a//b', 'a part of it is empty'], ['', 'it is empty'], ['a.', '`a.` ends with a dot'], ['./a', '`.` is a part of it'], ['x'.repeat(201), 'it is longer than 200 characters'],
  ])('refuses the name %j', async (name, problem) => {
    const { runtime } = await openRuntime(flow, { t: ({ artifact }: ToolCall) => artifact(name, 'x') });
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[0]?.reason).toMatchObject({ code: 'artifact_name_invalid', retryable: false });
    expect(steps[0]?.reason?.message).toContain(problem);
    await runtime.stop();
  });

  it.each([
    ['a content that is none', (call: ToolCall) => call.artifact('a', { b: 1 } as never), 'artifact_content_invalid'],
    ['a kind that there is not', (call: ToolCall) => call.artifact('a', 'x', { kind: 'pdf' as never }), 'artifact_content_invalid'],
    ['a content type that is none', (call: ToolCall) => call.artifact('a', 'x', { contentType: 'pdf' }), 'artifact_content_invalid'],
    ['a file that leaves the folder', (call: ToolCall) => call.artifact('a', 'x', { file: '../x' }), 'artifact_name_invalid'],
    ['what is too large', (call: ToolCall) => call.artifact('a', 'x'.repeat(1001)), 'artifact_too_large'],
  ])('refuses %s', async (_what, run, code) => {
    const { runtime } = await openRuntime(flow, { t: run as never }, { maxArtifactBytes: 1000 });
    expect((await (await runtime.start('f')).settled()).steps[0]?.reason?.code).toBe(code);
    await runtime.stop();
  });

  it('refuses what a handler still makes after its step has been cancelled', async () => {
    const gate = createGate();
    let late: unknown;
    const { runtime } = await openRuntime(flow, {
      t: async ({ artifact }: ToolCall) => {
        await artifact('early.txt', 'early');
        await gate.promise;
        late = await artifact('late.txt', 'late').catch(error => error.code as string);
        return null;
      },
    });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    await runtime.cancel(executionId);
    gate.open();
    await until(() => late !== undefined);
    expect(late).toBe('run_superseded');
    expect((await runtime.artifacts.list(executionId)).map(({ name }) => name)).toEqual(['early.txt']);
    await runtime.stop();
  });

  it('says which names there are when one is not found', async () => {
    const { runtime } = await openRuntime(flow, { t: ({ artifact }: ToolCall) => artifact('plan.md', 'x') });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    await expect(runtime.artifacts.get(executionId, 'plan.mb')).rejects.toThrow(/got "plan.mb"; did you mean `plan.md`\?/);
    await expect(runtime.artifacts.get(executionId, 'plan.md', { version: 2 })).rejects.toMatchObject({ code: 'artifact_not_found' });
    await expect(runtime.artifacts.list('nobody')).rejects.toMatchObject({ code: 'execution_not_found' });
    await runtime.stop();
  });

  it('is there for steps downstream', async () => {
    const { runtime } = await openRuntime(
      { id: 'f', steps: [{ id: 'a', uses: 'tool:write' }, { id: 'other', uses: 'tool:write' }, { id: 'b', uses: 'tool:read', depends_on: ['a'] }] },
      {
        write: async ({ artifact, stepId }: ToolCall) => {
          await artifact(`${stepId}.txt`, `from ${stepId}`);
        },
        read: async ({ artifacts, readArtifact }: ToolCall) => {
          const upstream = await artifacts({ upstream: true });
          return { upstream: upstream.map(({ name }) => name), text: await (await readArtifact('a.txt')).text() };
        },
      },
    );
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[2]?.output).toEqual({ upstream: ['a.txt'], text: 'from a' });
    await runtime.stop();
  });
});
