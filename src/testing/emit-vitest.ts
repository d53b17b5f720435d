import type { FlowDefinition } from '../definition/schema.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowPath } from './flow-paths.ts';
import { scriptFlow } from './script-flow.ts';
import type { KeptPath } from './test-paths.ts';
import { describeEnd } from './test-paths.ts';

/** Adds to each path what it must end with. */
export function keepPaths(definition: FlowDefinition, paths: readonly FlowPath[]): KeptPath[] {
  const model = createFlowModel(scriptFlow(definition));
  return paths.map(path => ({ ...path, end: describeEnd(model, path) }));
}

/**
 * Writes paths as a file of vitest tests that runs as it is.
 *
 * @param file the flow's file as seen from the folder of the test file
 */
export function emitVitest(definition: FlowDefinition, paths: readonly FlowPath[], file: string): string {
  const url = file.startsWith('/') || file.startsWith('.') ? file : `./${file}`;
  const tests = keepPaths(definition, paths).map(({ name, events, end }) => [
    `  it(${quote(name)}, () => followPath(flow, {`,
    `    name: ${quote(name)},`,
    '    events: [',
    ...events.map(event => `      ${JSON.stringify(event)},`),
    '    ],',
    `    end: ${JSON.stringify(end)},`,
    '  }));',
  ].join('\n'));
  return [
    `// The ways the flow ${definition.id} can go. Keep what you want to hold; make them anew with: flowstone paths ${file} --emit vitest`,
    "import { fileURLToPath } from 'node:url';",
    "import { loadFlow } from 'flowstone';",
    "import { followPath } from 'flowstone/testing';",
    "import { describe, it } from 'vitest';",
    '',
    `const flow = await loadFlow(fileURLToPath(new URL(${quote(url)}, import.meta.url)));`,
    '',
    `describe(${quote(`the flow ${definition.id}`)}, () => {`,
    tests.join('\n\n'),
    '});',
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
