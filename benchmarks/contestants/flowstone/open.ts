import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import type { FlowSource, Runtime, RuntimeOptions } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import type { Durability } from '../../harness/trial.ts';

/** What every step does: nothing, and returns about 120 bytes. */
const work = defineTool({ name: 'work', run: () => ({ ok: true, v: 'x'.repeat(100) }) });

export interface OpenParams extends Omit<RuntimeOptions, 'store' | 'flows'> {
  readonly file: string;
  readonly durability: Durability;
  readonly flows: readonly FlowSource[];
}

/** A runtime as a user makes it; the tool `work` is always there. */
export function openRuntime({ file, durability, flows, tools = [], ...options }: OpenParams): Promise<Runtime> {
  const store = openSqliteStore({ file, ...(durability === 'default' ? {} : { durability }) });
  return createRuntime({ ...options, store, tools: [work, ...tools], flows: flows.map(source => defineFlow(source)) });
}

/** A flow of trivial steps; `dependsOn` holds positions. */
export function toFlow(id: string, dependsOn: readonly (readonly number[])[]): FlowSource {
  return {
    id,
    steps: dependsOn.map((before, position) => ({
      id: `s${position}`,
      uses: 'tool:work',
      depends_on: before.map(other => `s${other}`),
    })),
  };
}

/** A flow of one step over `input.items`. */
export const toFanOut = (id: string, concurrency: number): FlowSource => ({
  id,
  concurrency,
  steps: [{ id: 'each', uses: 'tool:work', for_each: '{% input.items %}' }],
});

/** Bytes of a database and what belongs to it. */
export function readSize(file: string): number {
  return ['', '-wal', '-shm'].reduce((sum, end) => sum + (existsSync(file + end) ? statSync(file + end).size : 0), 0);
}

/** Bytes of a database in which nothing has run yet. */
export async function measureEmptySize(directory: string): Promise<number> {
  const file = join(directory, 'empty.db');
  const runtime = await openRuntime({ file, durability: 'process', flows: [] });
  await runtime.stop();
  return readSize(file);
}
