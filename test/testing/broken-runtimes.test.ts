import { describe, expect, it } from 'vitest';
import { fanOutMachine } from '../../machines/fan-out.ts';
import { flowMachine } from '../../machines/flow.ts';
import { stepMachine } from '../../machines/step.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { testFlow } from '../../src/testing/test-flow.ts';
import { listMutants } from '../machines/mutants.ts';
import { brokenRuntimes, forgetfulRuntimes, openWith } from './broken-runtimes.ts';
import { recoveries, swap, waits } from './flows.ts';

describe('the paths of a flow find a runtime that', () => {
  it.each(Object.keys(brokenRuntimes))('%s', async name => {
    const open = brokenRuntimes[name] as typeof createRuntime;
    const report = await testFlow(swap, { open });
    expect(report.passed).toBe(false);
  });
});

describe('a crash at every commit finds a runtime that', () => {
  it.each(Object.keys(forgetfulRuntimes))('%s', async name => {
    const report = await testFlow(swap, { open: forgetfulRuntimes[name] as typeof createRuntime, crash: true, maxPaths: 3 });
    expect(report.passed).toBe(false);
  });

  it('but nothing in one that keeps its promises', async () => {
    const report = await testFlow(swap, { crash: true, maxPaths: 3 });
    expect(report).toMatchObject({ passed: true, divergences: 0, recoveries: report.crashes });
  });
});

/** A flow without retries begins once, nothing comes between its last step and its score, and no path stops the runtime. */
const unreached = /^running: step\.release|^pending: flow\.start #1|^pending: flow\.start negates keepsAll|^consolidating: flow\./;

describe('the paths of flows', () => {
  it('find a sample of guards that were negated and transitions that were removed in what they run on', async () => {
    const mutants = ([['step', stepMachine], ['flow', flowMachine], ['fanOut', fanOutMachine]] as const).flatMap(([name, machine]) =>
      listMutants(machine).filter(({ name: what }) => / negates | removed$/.test(what) && !unreached.test(what)).filter((_, index) => index % 6 === 0).map(mutant => ({ ...mutant, owner: name })));
    const survivors: string[] = [];
    for (const { name, owner, machine } of mutants) {
      let found = false;
      for (const flow of [swap, waits, recoveries]) found ||= !(await testFlow(flow, { open: openWith(owner, machine) })).passed;
      if (!found) survivors.push(`${owner} ${name}`);
    }
    expect(survivors).toEqual([]);
  });
});
