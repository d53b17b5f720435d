import type { FlowDefinition } from '../definition/schema.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowPath } from './flow-paths.ts';
import type { KeptMachinePath } from './kept-machine.ts';
import type { OwnPath } from './own-paths.ts';
import { scriptFlow } from './script-flow.ts';
import type { KeptPath } from './test-paths.ts';
import { describeEnd } from './test-paths.ts';
import { isOwnPath } from './whole-paths.ts';

/** Adds to each path what it must come to, where that is not with it yet. */
export function keepPaths(definition: FlowDefinition, paths: readonly (FlowPath | OwnPath)[]): KeptPath[] {
  const model = createFlowModel(scriptFlow(definition));
  return paths.map(path => {
    if (!isOwnPath(path)) return { ...path, end: describeEnd(model, path) };
    const { name, input, events, happens } = path;
    return { name, input, events, happens };
  });
}

/**
 * Writes paths as a file of vitest tests that runs as it is; one more of them changes the flow and has to be noticed.
 *
 * @param file the flow's file as seen from the folder of the test file
 * @param exportName under which a module exports the flow; undefined: the file is YAML or JSON
 */
export function emitVitest(definition: FlowDefinition, paths: readonly (FlowPath | OwnPath)[], file: string, exportName?: string): string {
  const url = file.startsWith('/') || file.startsWith('.') ? file : `./${file}`;
  const isModule = exportName !== undefined;
  const isDefault = exportName === 'default' || exportName === 'module.exports';
  const kept = keepPaths(definition, paths);
  const tests = kept.map(path => `    ${stringify(path)},`);
  return [
    `// The ways the flow ${definition.id} can go, and what it does on each. Make them anew with: flowstone paths ${file}${isModule ? `#${definition.id}` : ''} --emit vitest`,
    ...(isModule ? [] : ["import { fileURLToPath } from 'node:url';", "import { loadFlow } from 'flowstone';"]),
    "import { testKeptPaths } from 'flowstone/testing';",
    "import { describe, it } from 'vitest';",
    ...(isModule ? [`import ${isDefault ? 'flow' : exportName === 'flow' ? '{ flow }' : `{ ${exportName} as flow }`} from ${quote(url)};`] : ['', `const flow = await loadFlow(fileURLToPath(new URL(${quote(url)}, import.meta.url)));`]),
    '',
    `describe(${quote(`the flow ${definition.id}`)}, () => {`,
    '  testKeptPaths(flow, { test: it, paths: [',
    ...tests,
    '  ] });',
    '});',
    '',
  ].join('\n');
}

/** One line for each event and for what it leads to. */
function stringify(path: KeptPath): string {
  const list = (values: readonly unknown[]): string => `[\n${values.map(value => `        ${JSON.stringify(value)},`).join('\n')}\n      ]`;
  const rest = 'happens' in path ? `input: ${JSON.stringify(path.input)},\n      events: ${list(path.events)},\n      happens: ${list(path.happens)}` : `events: ${list(path.events)},\n      end: ${JSON.stringify(path.end)}`;
  return `{\n      name: ${quote(path.name)},\n      ${rest},\n    }`;
}

/**
 * Writes paths of a machine as a file of vitest tests that runs as it is.
 *
 * @param file the machine's module as seen from the folder of the test file
 * @param unnoticed names of changes of the machine that none of them notices
 */
export function emitMachineVitest(machineId: string, paths: readonly KeptMachinePath[], file: string, unnoticed: readonly string[] = []): string {
  const url = file.startsWith('/') || file.startsWith('.') ? file : `./${file}`;
  const line = (value: unknown): string => JSON.stringify(value);
  return [
    `// The ways the machine ${machineId} can go, and what it shows on each. Make them anew with: flowstone paths ${file}#${machineId} --emit vitest`,
    "import { testKeptMachinePaths } from 'flowstone/testing';",
    "import { describe, it } from 'vitest';",
    `import * as machines from ${quote(url)};`,
    '',
    `describe(${quote(`the machine ${machineId}`)}, () => {`,
    `  testKeptMachinePaths(machines, ${quote(machineId)}, { test: it, paths: [`,
    ...paths.map(({ name, input, start, steps }) => [
      '    {', `      name: ${quote(name)},`, ...(input === undefined ? [] : [`      input: ${line(input)},`]), `      start: ${line(start)},`, '      steps: [', ...steps.map(step => `        ${line(step)},`), '      ],', '    },',
    ].join('\n')),
    ...(unnoticed.length === 0 ? ['  ] });'] : ['  ], unnoticed: [', ...unnoticed.map(name => `    ${quote(name)},`), '  ] });']),
    '});',
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
