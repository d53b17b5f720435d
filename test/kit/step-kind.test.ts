import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createRuntime, defineFlow, defineTool, loadFlow, parseFlow, type Runtime } from '../../src/index.ts';
import { defineStepKind } from '../../src/kit.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { testFlow } from '../../src/testing.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { createFolder, run } from '../views/program-harness.ts';

// Two kinds of steps of a stranger's: everything about them stands in this file.

const hourMs = 3_600_000;

defineStepKind({
  name: 'next_hour',
  form: 'next_hour',
  role: 'sleep',
  withKeys: ['minute'],
  check: value => {
    const { minute = 0 } = (value ?? {}) as { minute?: unknown };
    return typeof minute === 'number' && minute >= 0 && minute < 60 ? undefined : { key: 'minute', expected: 'a minute of the hour', found: minute };
  },
  wakeAt: (value, now) => {
    const { minute = 0 } = (value ?? {}) as { minute?: number };
    const due = Math.floor(now / hourMs) * hourMs + minute * 60_000;
    return due > now ? due : due + hourMs;
  },
  describe: () => 'waits for its minute',
  brackets: ['[\\', '\\]'],
});

defineStepKind({ name: 'doorbell', form: 'doorbell:door', target: /^[a-z]+$/, role: 'signal', signal: (_value, stepId) => `bell.${stepId}`, describe: ({ signal }) => `waits for somebody at the door (${signal})` });

const text = `id: visit
timeout: 1d
steps:
  - { id: hour, uses: next_hour, with: { minute: 30 } }
  - { id: front, uses: 'doorbell:front', depends_on: [hour] }
  - { id: open, uses: 'tool:open', depends_on: [front], with: "{% steps.front.output %}" }
`;
const open = defineTool({ name: 'open', run: ({ input }) => input });

const folder = createFolder();
const file = join(folder.path, 'visits.db');
let runtime: Runtime | undefined;
afterEach(async () => {
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
});
afterAll(() => folder.remove());

const openAt = async (clock: SimulatedClock): Promise<Runtime> => {
  runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), clock, flows: [parseFlow(text)], tools: [open], listen: false });
  return runtime;
};

it('is waited for, over a restart, and takes its signal', async () => {
  const clock = new SimulatedClock();
  await openAt(clock);
  const { executionId } = await (runtime as Runtime).start('visit');
  await settleTicks();
  await runtime?.stop({ timeoutMs: 0 });
  clock.advance(29 * 60_000);
  const execution = await (await openAt(clock)).get(executionId);
  await settleTicks();
  expect((await execution.get()).steps.map(({ status }) => status)).toEqual(['waiting', 'pending', 'pending']);
  clock.advance(2 * 60_000);
  for (let turn = 0; (await execution.get()).steps[1]?.status !== 'waiting'; turn++) {
    expect(turn).toBeLessThan(1_000);
    await settleTicks();
  }
  await expect(execution.signal('bell.back')).rejects.toMatchObject({ code: 'signal_unknown' });
  await execution.signal('bell.front', { who: 'Ann' });
  expect(await execution.settled()).toMatchObject({ passed: true, outputs: { open: { who: 'Ann' } } });
});

it('refuses what it cannot take, in the definition and when expressions made it', async () => {
  const toText = (step: string): string => `id: f\nsteps:\n  - { id: a, ${step} }\n`;
  expect(() => parseFlow(toText('uses: next_hour, with: { minute: 60 }'))).toThrow(/`with\.minute` of .* to be a minute of the hour, got `60`/);
  expect(() => parseFlow(toText('uses: next_hour, with: { minuet: 5 }'))).toThrow(/no key `minuet`/);
  expect(() => parseFlow(toText('uses: next_hour, for_each: [1]'))).toThrow(/`for_each`/);
  expect(() => parseFlow(toText("uses: 'doorbell:2'"))).toThrow(/`tool:name`.*`next_hour` or `doorbell:door`/);
  expect(() => parseFlow(toText('uses: next_huor'))).toThrow(/did you mean `next_hour`/);
  const flow = defineFlow({ id: 'f', steps: [{ id: 'a', uses: 'next_hour' as 'sleep', with: { minute: '{% 30 * 2 %}' } as never }] });
  const own = await createRuntime({ store: openSqliteStore({ file: ':memory:' }), flows: [flow], listen: false });
  const { steps } = await (await own.start('f')).settled();
  expect(steps[0]).toMatchObject({ status: 'failed', reason: { code: 'with_invalid' } });
  await own.stop({ timeoutMs: 0 });
});

it('is covered by generated paths, which pass', async () => {
  const { passed, paths, uncovered } = await testFlow(parseFlow(text), { crash: true });
  expect({ passed, uncovered }).toEqual({ passed: true, uncovered: [] });
  expect(paths.map(({ name }) => name)).toContain('front is signalled early; scored 1');
});

it('is known to the program by the module of --tools: checked, drawn, and described while it waits', async () => {
  const kinds = `import { defineStepKind } from 'flowstone/kit';
export const doorbell = defineStepKind({ name: 'doorbell', form: 'doorbell:door', target: /^[a-z]+$/, role: 'signal', signal: (value, id) => 'bell.' + id, describe: ({ signal }) => 'waits at the door for ' + signal, brackets: ['{{', '}}'] });
`;
  writeFileSync(join(folder.path, 'kinds.mjs'), kinds);
  writeFileSync(join(folder.path, 'door.yml'), "id: door\ntimeout: 1d\nsteps:\n  - { id: front, uses: 'doorbell:front' }\n");
  const at = async (...argv: string[]): Promise<string> => {
    const { stdout, stderr } = await run([...argv, '--tools', 'kinds.mjs'], folder.path);
    return stdout + stderr;
  };
  expect(await at('check', 'door.yml')).toMatch(/door\.yml.*1 step/s);
  expect(await at('graph', 'door.yml')).toContain('front{{');
  runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'door.db') }), flows: [await loadFlow(join(folder.path, 'door.yml'))], listen: false });
  const { executionId } = await runtime.start('door');
  await settleTicks();
  const { stdout } = await run(['show', executionId, '--db', 'door.db'], folder.path);
  expect(stdout).toMatch(/front waits at the door for bell\.front/);
});

it('is refused when its name is taken, or it says too little', () => {
  expect(() => defineStepKind({ name: 'sleep', form: 'sleep', role: 'sleep', wakeAt: () => 0 })).toThrow(/none of the kinds that Flowstone has, got `sleep`/);
  expect(() => defineStepKind({ name: 'nap', form: 'nap', role: 'sleep' })).toThrow(/`wakeAt`/);
  expect(() => defineStepKind({ name: 'nap', form: 'nap', role: 'flow' })).toThrow(/`task`, `sleep` or `signal`/);
  expect(() => defineStepKind({ name: 'nap', form: 'nap', role: 'signal', signl: () => '' } as never)).toThrow(/did you mean `signal`/);
});
