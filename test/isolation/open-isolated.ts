import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { IsolationOptions } from '../../src/isolation/isolation-options.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { compareTakenIn } from './compare-taken-in.ts';

export const tools = join(import.meta.dirname, 'tools.ts');

export interface Place {
  readonly folder: string;
  readonly file: string;
  /** Where the processes keep their files. */
  readonly processes: string;
}

const places: string[] = [];
const runtimes: Runtime[] = [];

afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop({ timeoutMs: 0 });
  for (const folder of places.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

export function makePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-isolation-'));
  places.push(folder);
  return { folder, file: join(folder, 'a.db'), processes: join(folder, 'a.db-processes') };
}

/** A runtime on a database, whose static flows run in processes of their own with the tools beside this file. */
export async function openIsolated(place: Place, flows: readonly FlowSource[], isolation: IsolationOptions = {}, more: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const store = openSqliteStore({ file: place.file, durability: 'process' });
  const runtime = await createRuntime({ ...more, store, flows: flows.map(flow => defineFlow(flow)), isolation: { tools, durability: 'process', killAfterMs: 1_000, ...isolation } });
  runtimes.push(runtime);
  return runtime;
}

/** The lines of a file; none when it is not there. */
export const readLines = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);

/** What the owner stored is what the process wrote, and lawful. */
export async function expectTakenIn({ file, processes }: Place, executionId: string): Promise<void> {
  expect(await compareTakenIn(file, processes, executionId)).toEqual([]);
}

/** What the owner stored is lawful, also where it ended what no process did. */
export async function expectLawful({ file }: Place, executionId: string): Promise<void> {
  const reader = openSqliteReader({ file });
  try {
    expect((await replayJournal(reader, executionId)).mismatches).toEqual([]);
  } finally {
    reader.close();
  }
}

export function readSession({ processes }: Place, executionId: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(processes, executionId, 'sessions', `session_${executionId}.json`), 'utf8')) as Record<string, unknown>;
}
