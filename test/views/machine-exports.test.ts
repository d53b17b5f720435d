import { join, resolve } from 'node:path';
import { createMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { loadFlows } from '../../src/views/cli/load-flows.ts';
import { findToolsBeside, loadToolsModule } from '../../src/views/cli/load-tools.ts';
import { readMachineExports } from '../../src/views/cli/machine-exports.ts';

const root = resolve(import.meta.dirname, '../..');
const a = createMachine({ id: 'a' });
const b = createMachine({ id: 'b' });
const ids = (exports: Record<string, unknown>): string[] => readMachineExports(exports, 'x.ts').machines.map(({ machine }) => machine.id);

describe('the machines that a tools module exports', () => {
  it('are those exported one by one, by default, in a list or in a record, each once', () => {
    expect(ids({ a, b, tool: () => {} })).toEqual(['a', 'b']);
    expect(ids({ default: a })).toEqual(['a']);
    expect(ids({ machines: [a, { machine: b, promises: {} }], again: a })).toEqual(['a', 'b']);
    expect(ids({ machines: { a, b } })).toEqual(['a', 'b']);
    expect(ids({ machines: a })).toEqual(['a']);
    expect(Object.keys(readMachineExports({ a, machines: [b], tool: 1, tools: [] }, 'x.ts').rest)).toEqual(['tool', 'tools']);
  });

  it('are machines, each with an id of its own', () => {
    expect(() => ids({ machines: 5 })).toThrow('Expected the export `machines` of `x.ts` to be a list or a record of XState machines, got `5` (number)');
    expect(() => ids({ machines: { a, other: {} } })).toThrow('`machines.other`');
    expect(ids({ one: createMachine({}), two: createMachine({ initial: 'x', states: { x: {} } }) })).toHaveLength(2);
    expect(() => ids({ a, other: createMachine({ id: 'a' }) })).toThrow('found `a` twice');
  });
});

describe('the example of a machine as a step', () => {
  it('runs as it stands', async () => {
    const file = join(root, 'docs/examples/approval-machine.yml');
    const { tools, machines } = await loadToolsModule(findToolsBeside(file, root), root);
    const [definition] = await loadFlows(file, [], root, { tools, machines });
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [definition], tools, machines });
    const { signal, settled } = await runtime.start('approval-machine');
    for (const by of ['Ada', 'Ada', 'Bob']) await signal('approve', { by });
    expect((await settled()).steps[2]?.output).toEqual({ decision: 'approved', by: ['Ada', 'Bob'] });
    await runtime.stop();
  });
});

describe('the definition of a step that is a machine', () => {
  const problems = (step: string, machines?: string[]): string[] => {
    try {
      parseFlow(`id: x\nsteps: [{ id: s, ${step} }]`, { ...(machines && { machines }) });
      return [];
    } catch (error) {
      if (!isFlowError(error)) throw error;
      return (error.details as { problems: { code: string; message: string }[] }).problems.map(({ code, message }) => `${code}: ${message}`);
    }
  };

  it('names a machine that is there', () => {
    expect(problems('uses: machine:approval', ['approval'])).toEqual([]);
    expect(problems('uses: machine:anything')).toEqual([]);
    expect(problems('uses: machine:aproval', ['approval'])).toEqual([expect.stringMatching(/^unknown_machine: .*got `aproval`; did you mean `approval`\? If not, hand over the machine/)]);
    expect(problems('uses: machin:approval')).toEqual([expect.stringContaining('did you mean `machine:approval`?')]);
  });

  it('may have what waits may have, and a list', () => {
    expect(problems('uses: machine:a, timeout: 1d, for_each: [1], concurrency: 1, with: { x: 1 }, critical: false, when: "true = true"')).toEqual([]);
    for (const key of ['retry: { maxAttempts: 2 }', 'recover: { ask: {} }', 'artifacts: [{ name: a.md, from: output }]', 'models: [m]']) {
      expect(problems(`uses: machine:a, ${key}`)).toEqual([expect.stringContaining('key_not_allowed')]);
    }
  });

  it('is not for a process of its own', async () => {
    const flow = defineFlow({ id: 'own', flow_type: 'static', steps: [{ id: 's', uses: 'machine:a' }] });
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow], machines: [a] });
    await expect(runtime.start('own')).rejects.toMatchObject({ code: 'isolation_unavailable', message: expect.stringContaining('it has machines as steps (a)') });
    await runtime.stop();
  });
});
