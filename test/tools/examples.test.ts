import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { examine, locateByPath } from '../../src/definition/examine.ts';
import { isMachine } from '../../src/kinds/actors/xstate-internals.ts';
import { builtInTools } from '../../src/tools/built-in.ts';
import { projectTools } from '../../src/tools/project-tools.ts';

const folder = path.join(import.meta.dirname, '../../docs/examples');
const files = (await readdir(folder)).filter(file => file.endsWith('.yml'));

it.each(files)('example %s passes every check and uses only what is there', async file => {
  const examined = examine(parse(await readFile(path.join(folder, file), 'utf8')), locateByPath);
  if ('problems' in examined) throw new Error(JSON.stringify(examined.problems, null, 2));
  const { id, steps } = examined.definition;
  expect(`${id}.yml`).toBe(file);
  // As `run` does it: tools in a module beside the definition.
  const beside = path.join(folder, `${id}.tools.ts`);
  const exported = existsSync(beside) ? ((await import(beside)) as { readonly tools?: object }) : {};
  const machines = Object.values(exported).filter(value => isMachine(value));
  const own = [...Object.keys(exported.tools ?? {}).map(name => `tool:${name}`), ...machines.map(machine => `machine:${machine.id}`)];
  const known = new Set([...own, 'sleep', 'signal', ...[...builtInTools, ...projectTools].map(({ name }) => (name === 'exec' || name === 'http' ? name : `tool:${name}`)), ...files.map(name => `flow:${name.slice(0, -4)}`)]);
  for (const { uses } of steps) expect(known).toContain(uses);
});

it('has the flow that npm start runs, with everything a flow can do', async () => {
  const examined = examine(parse(await readFile(path.join(folder, 'project-report.yml'), 'utf8')), locateByPath);
  if ('problems' in examined) throw new Error(JSON.stringify(examined.problems, null, 2));
  const { steps } = examined.definition;
  expect(steps.length).toBeGreaterThanOrEqual(8);
  expect(steps.some(step => step.for_each !== undefined)).toBe(true);
  expect(steps.some(step => step.retry !== undefined)).toBe(true);
  expect(steps.some(step => !step.critical)).toBe(true);
  expect(steps.some(step => step.when !== undefined)).toBe(true);
});
