import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { renderFlowChart } from '../../src/views/mermaid/flow-chart.ts';
import { hostedMachines } from '../../src/views/mermaid/hosted-machines.ts';
import { renderStateDiagram } from '../../src/views/mermaid/state-diagram.ts';
import { pages, requirePage, root } from './pages.ts';

const generated = /<!-- flowstone graph (.+?) -->\n```mermaid\n[\s\S]*?^```$/gm;

async function draw(command: string): Promise<string> {
  const [first = '', second = ''] = command.split(' ');
  if (first !== '--machine') return renderFlowChart(await loadFlow(resolve(root, first)));
  const machine = hostedMachines[second];
  if (!machine) throw new Error(`There is no machine ${second}`);
  return renderStateDiagram(machine);
}

const listCommands = (text: string): string[] => [...text.matchAll(generated)].map(([, command = '']) => command);

/** The page with every diagram drawn anew. */
async function redraw(text: string): Promise<string> {
  const drawn = new Map<string, string>();
  for (const command of listCommands(text)) drawn.set(command, await draw(command));
  return text.replaceAll(generated, (_, command: string) => `<!-- flowstone graph ${command} -->\n\`\`\`mermaid\n${drawn.get(command)}\`\`\``);
}

describe('diagrams', () => {
  // After a change of a machine: npx vitest run test/docs -u
  test.each(pages.filter(({ text }) => text.includes('<!-- flowstone graph')).map(({ path, text }) => [path, text] as const))(
    'of %s are what `flowstone graph` draws',
    async (path, text) => {
      await expect(await redraw(text)).toMatchFileSnapshot(resolve(root, path));
    },
  );

  test('show every machine, and the flow that `npm start` runs', () => {
    expect(listCommands(requirePage('docs/internals/architecture.md').text).toSorted()).toEqual(Object.keys(hostedMachines).map(name => `--machine ${name}`).toSorted());
    expect(listCommands(requirePage('README.md').text)).toContain('docs/examples/project-report.yml');
  });
});
