import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Difference } from './compare.ts';
import { compareDocuments } from './compare.ts';
import { isListed, parseDifferences, writeRow } from './differences-list.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario } from './stage.ts';
import { Stage } from './stage.ts';
import type { Version } from './version.ts';
import { loadReleased, loadWorkingTree } from './version.ts';

const listed = parseDifferences(readFileSync(join(import.meta.dirname, '../../docs/decisions/differences-0.4.md'), 'utf8'));
const found = new Set<unknown>();
let released: Version;
let current: Version;
let ran = 0;

beforeAll(async () => {
  released = await loadReleased();
  current = await loadWorkingTree();
});

async function play(version: Version, scenario: Scenario): Promise<Readonly<Record<string, unknown>>> {
  const stage = new Stage(version);
  try {
    await scenario(stage);
  } catch (error) {
    throw new Error(`In ${version.name}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
  } finally {
    await stage.close();
  }
  return stage.documents;
}

const compare = (old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): Difference[] =>
  [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap(name => compareDocuments(old[name], now[name], name));

describe('what 0.3.0 answered is answered still', () => {
  it.each(Object.keys(scenarios))('%s', async name => {
    const scenario = scenarios[name] as Scenario;
    const differences = compare(await play(released, scenario), await play(current, scenario));
    const rows = listed.filter(row => row.scenario === name || row.scenario === '*');
    const unlisted = differences.filter(difference => {
      const matching = rows.filter(row => isListed(row, name, difference));
      for (const row of matching) found.add(row);
      return matching.length === 0;
    });
    expect(unlisted.map(difference => writeRow(name, difference)).join('\n')).toBe('');
    expect(rows.filter(row => row.scenario === name && !found.has(row))).toEqual([]);
    ran++;
  });

  it('and an answer that is another one is reported with its path', async () => {
    const scenario = scenarios['a chain hands its outputs on'] as Scenario;
    const createRuntime: Version['flowstone']['createRuntime'] = async options => {
      const runtime = await current.flowstone.createRuntime(options);
      const list = async (): Promise<never> => (await runtime.list()).map(summary => ({ ...summary, priority: 1 })) as never;
      return new Proxy(runtime, { get: (target, name) => (name === 'list' ? list : (Reflect.get(target, name, target) as unknown)) });
    };
    const altered = { ...current, flowstone: { ...current.flowstone, createRuntime } };
    const differences = compare(await play(current, scenario), await play(altered, scenario));
    expect(differences).toEqual([{ path: 'end.list[0].priority', old: '0', new: '1' }]);
  });

  it('in nothing else but what is listed', context => {
    if (ran < Object.keys(scenarios).length) context.skip('Not all scenarios have been compared');
    expect(listed.filter(row => !found.has(row))).toEqual([]);
  });
});
