import { join } from 'node:path';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { DocumentsParameters } from '../../trials/documents.ts';

const flow = defineFlow({ id: 'plan', steps: [{ id: 'write', uses: 'tool:write', with: { documents: '{% input.documents %}', bytes: '{% input.bytes %}' } }] });

const write = defineTool({
  name: 'write',
  async run({ input, artifact, executionId }) {
    const { documents, bytes } = input as { documents: number; bytes: number };
    const line = `${executionId} and what there is to say about it\n`;
    for (let number = 1; number <= documents; number++) await artifact(`documents/${String(number).padStart(3, '0')}.md`, line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes));
    return { documents };
  },
});

const reads = 21;

async function measure(work: (turn: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < reads; turn++) {
    const begun = performance.now();
    await work(turn);
    times.push(performance.now() - begun);
  }
  return computeSpread(times).median;
}

const run: Run<DocumentsParameters> = async ({ plans, documents, bytes }, { directory }) => {
  const file = join(directory, 'app.db');
  const options = { tools: [write], flows: [flow], listen: false, sizeBudgetBytes: 16 * 1_024 ** 3 };
  const writing = await createRuntime({ ...options, store: openSqliteStore({ file }) });
  const begun = performance.now();
  for (let plan = 0; plan < plans; plan++) await (await writing.start('plan', { input: { documents, bytes } })).settled();
  const seconds = (performance.now() - begun) / 1_000;
  await writing.stop();

  const runtime = await createRuntime({ ...options, store: openSqliteStore({ file }) });
  const list = await runtime.list({ limit: 100 });
  if (list.length !== Math.min(plans, 100)) throw new Error(`Expected ${plans} plans, got ${list.length}`);
  const toId = (turn: number): string => list[(turn * 7) % list.length]?.executionId ?? '';
  const result = {
    listMs: await measure(() => runtime.list({ limit: 100 })),
    openMs: await measure(async turn => (await runtime.get(toId(turn))).get()),
    artifactsMs: await measure(async turn => {
      const found = await runtime.artifacts.list(toId(turn));
      if (found.length !== documents) throw new Error(`Expected ${documents} documents, got ${found.length}`);
    }),
    readMs: await measure(async turn => (await runtime.artifacts.get(toId(turn), 'documents/050.md')).text()),
    megabytesPerSecond: (plans * documents * bytes) / 1_000_000 / seconds,
  };
  await runtime.stop();
  return result;
};

export default run;
