import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore, createRuntime, defineFlow, defineQueue, defineTool, loadFlow, parseFlow } from '../../src/index.ts';
import { requireFlowExport } from '../../src/views/cli/flow-exports.ts';
import { loadToolsModule } from '../../src/views/cli/load-tools.ts';
import { firstHourMessages } from './first-hour-messages.ts';

const folder = mkdtempSync(join(tmpdir(), 'first-hour-'));
afterAll(() => rmSync(folder, { recursive: true }));

const step = { id: 'a', uses: 'tool:say' };
const flow = (...steps: object[]): never => ({ id: 'f', steps }) as never;
const asking = defineFlow({ id: 'asks', steps: [{ id: 'ask', uses: 'signal', with: { name: 'approved' } }] }, { signals: { approved: z.object({ by: z.string() }) } });
const say = defineTool({ name: 'say', run: () => 'x' });
const module = async (name: string, text: string): Promise<unknown> => {
  writeFileSync(join(folder, name), text);
  return loadToolsModule(name, folder);
};
const withRuntime = async (options: object, work: (runtime: Awaited<ReturnType<typeof createRuntime>>) => Promise<unknown>): Promise<void> => {
  const runtime = await createRuntime({ store: createMemoryStore(), ...options });
  try {
    await work(runtime);
  } finally {
    await runtime.stop();
  }
};

/** What people new to it get wrong first: files, definitions, options, tools modules. Types have their traps in fixtures. */
const mistakes: { readonly [mistake: string]: () => unknown } = {
  'a file that is not there': () => loadFlow('nowhere.yml'),
  'YAML that is none': () => parseFlow('id: a\n  steps: [', { file: 'a.yml' }),
  'an empty file': () => parseFlow('', { file: 'a.yml' }),
  'a list of steps with another name': () => parseFlow('id: a\ntasks: []\n', { file: 'a.yml' }),
  'a step without `uses`': () => parseFlow('id: a\nsteps:\n  - id: b\n', { file: 'a.yml' }),
  'a tool without `tool:`': () => parseFlow('id: a\nsteps:\n  - { id: b, uses: greet }\n', { file: 'a.yml' }),
  'a tool that is not there': () => parseFlow('id: a\nsteps:\n  - { id: b, uses: "tool:sey" }\n', { file: 'a.yml', tools: ['say'] }),
  '`needs` for `depends_on`': () => parseFlow('id: a\nsteps:\n  - { id: b, uses: "tool:say", needs: [c] }\n', { file: 'a.yml' }),
  'a step that is not there': () => defineFlow(flow(step, { ...step, id: 'b', depends_on: ['aa'] })),
  'steps that wait for each other': () => defineFlow(flow({ ...step, depends_on: ['b'] }, { ...step, id: 'b', depends_on: ['a'] })),
  'an id that is used twice': () => defineFlow(flow(step, step)),
  'a duration that is none': () => defineFlow(flow({ ...step, timeout: '5 min' })),
  'an expression that reads a step it does not wait for': () => defineFlow(flow(step, { ...step, id: 'b', with: '{% steps.a.output %}' })),
  'a function that is asynchronous': () => withRuntime({ flows: [defineFlow({ id: 'f', steps: [{ id: 'a', uses: 'tool:say', with: async () => 1 }] })], tools: [say] }, async runtime => {
    throw new Error((await (await runtime.start('f')).settled()).steps[0]?.reason?.message);
  }),
  'a tools module without tools': () => module('none.mjs', 'export const answer = 42;\n'),
  'a tools module that is not there': () => loadToolsModule('nowhere.ts', '/'),
  'a tool that is no function': () => module('odd.mjs', 'export const tools = { say: "hello" };\n'),
  'a runtime without a store': () => createRuntime({} as never),
  'an option that is misspelt': () => createRuntime({ store: createMemoryStore(), flow: [] } as never),
  'a flow that was not given': () => withRuntime({ flows: [defineFlow(flow({ ...step }))], tools: [say] }, runtime => runtime.start('ff')),
  'a flow whose tool was not given': () => withRuntime({ flows: [defineFlow(flow({ ...step }))] }, runtime => runtime.start('f')),
  'an input that does not fit': () => withRuntime({ tools: [say], flows: [defineFlow({ ...(flow({ ...step }) as object), input: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } } } as never)] }, runtime => runtime.start('f', { input: { n: 'x' } })),
  'a module without flows': () => {
    writeFileSync(join(folder, 'no-flows.mjs'), 'export const answer = 42;\n');
    return requireFlowExport({ file: 'no-flows.mjs', id: undefined }, folder);
  },
  'a signal that is misspelt': () => withRuntime({ flows: [asking] }, async runtime => (await runtime.start('asks')).signal('aproved', {})),
  'a payload that does not fit': () => withRuntime({ flows: [asking] }, async runtime => (await runtime.start('asks')).signal('approved', { by: 5 })),
  'a queue whose schema is none': () => defineQueue({ name: 'q', schema: { type: 'object' } as never }),
};

describe('the first hour', () => {
  it.each(Object.keys(mistakes))('says what to do about %s', async mistake => {
    let message = 'nothing was said';
    try {
      await mistakes[mistake]?.();
    } catch (error) {
      message = (error as Error).message.replaceAll(folder, '<folder>');
    }
    expect(message).toBe(firstHourMessages[mistake]);
  });

  it('has a message for each of at least twenty mistakes, and for no other', () => {
    expect(Object.keys(firstHourMessages)).toEqual(Object.keys(mistakes));
    expect(Object.keys(mistakes).length).toBeGreaterThanOrEqual(20);
  });
});
