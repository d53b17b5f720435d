import type { OpenChain } from './measure-step.ts';
import { toOutput } from './measure-step.ts';

/** The doors of a version of the package. */
interface Doors {
  readonly flowstone: Pick<typeof import('flowstone'), 'createRuntime' | 'defineFlow' | 'defineTool'>;
  readonly sqlite: Pick<typeof import('flowstone/sqlite'), 'openSqliteStore'>;
}

/** Chains of trivial steps through the public API of a version, as a user runs them. */
export const openChainOf = ({ flowstone: { createRuntime, defineFlow, defineTool }, sqlite: { openSqliteStore } }: Doors): OpenChain => async (file, steps) => {
  const flow = defineFlow({
    id: 'bench',
    steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', depends_on: index === 0 ? [] : [`s${index - 1}`] })),
  });
  const work = defineTool({ name: 'work', run: toOutput });
  const runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), tools: [work], flows: [flow], listen: false });
  const runOne = async (): Promise<void> => {
    const { status, score } = await (await runtime.start('bench')).settled();
    if (status !== 'scored' || score !== 1) throw new Error(`A flow ended as ${status} with score ${score}`);
  };
  return {
    async run(flows, atOnce) {
      let left = flows;
      await Promise.all(Array.from({ length: atOnce }, async () => {
        while (left-- > 0) await runOne();
      }));
    },
    stop: () => runtime.stop(),
  };
};
