import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { runWholeFlow, type WholeFlow } from './whole-flow.ts';

const context = createContext({});
let inputs: readonly string[] = [];

/** What there is in a context that has nothing but the language. */
const runBare = async (restoreAt: number): Promise<WholeFlow> => JSON.parse((await runInContext(`whole.runWholeFlow(${restoreAt}).then(JSON.stringify)`, context)) as string) as WholeFlow;

describe('the kernel where there is no Node.js', () => {
  beforeAll(async () => {
    // No plugin and no external: a module of Node.js anywhere would be an error.
    const { outputFiles, metafile } = await build({
      entryPoints: [`${import.meta.dirname}/whole-flow.ts`], bundle: true, write: false, platform: 'browser', format: 'iife', globalName: 'whole', target: 'es2023', metafile: true, legalComments: 'none', logLevel: 'silent',
    });
    runInContext(outputFiles[0]?.text ?? '', context);
    inputs = Object.keys(metafile.inputs);
  }, 60_000);

  it('is a bundle of the language alone', () => {
    expect(inputs).toContain('src/kernel/deliver.ts');
    expect(inputs.filter(file => /^(?:src\/(?:engine|kinds|owner|runtime|views)|persistence)\//.test(file))).toEqual([]);
    expect(runInContext('[typeof process, typeof require, typeof Buffer, typeof setTimeout, typeof TextEncoder]', context)).toEqual(Array.from({ length: 5 }, () => 'undefined'));
  });

  it('takes a flow with every kind of step to its end', async () => {
    const whole = await runBare(-1);
    expect(whole.kinds).toEqual(['await_message', 'flow', 'machine', 'signal', 'sleep', 'tool']);
    expect(whole).toMatchObject({ status: 'scored', score: 1 });
    expect(whole.steps).toMatchObject({ never: 'skipped', 'each[3]': 'completed', flaky: 'completed', broken: 'completed', instead: 'completed', asks: 'completed', cleanup: 'completed' });
    expect(whole.outputs).toMatchObject({ nap: null, approval: 'approve.zoë', letter: 'message:letter', review: 'reviewed', asks: 'by hand', broken: 'instead', child: { sum: 3 * 303 + 605 } });
    expect(whole).toEqual(await runWholeFlow(-1));
  });

  it('goes on from rows in JSON, after whatever message all else is forgotten', async () => {
    const { moves, ...whole } = await runBare(-1);
    expect(moves).toBeGreaterThan(20);
    for (let at = 1; at < moves; at++) {
      const { moves: _, outputs, ...restored } = await runBare(at);
      const { cleanup, ...rest } = outputs;
      expect({ at, ...restored, outputs: { ...rest, cleanup: whole.outputs['cleanup'] } }).toEqual({ at, ...whole });
      expect(cleanup).toMatchObject({ dice: (whole.outputs['cleanup'] as { dice: number }).dice });
    }
  });
});
