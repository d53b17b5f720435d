import { describe, expect, it } from 'vitest';
import { hostedMachines } from '../../src/views/mermaid/hosted-machines.ts';
import { renderStateDiagram } from '../../src/views/mermaid/state-diagram.ts';
import { pages } from '../docs/pages.ts';
import { parseMermaid } from './parse-mermaid.ts';

describe("Mermaid's own parser", () => {
  it.each(Object.entries(hostedMachines))('reads the diagram of the machine %s', async (_name, machine) => {
    expect(await parseMermaid(renderStateDiagram(machine))).toBe('stateDiagram');
  });

  it.each(pages.flatMap(({ path, text }) => [...text.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, diagram = ''], index) => [path, index + 1, diagram] as const)))(
    'reads what %s draws (%i)',
    async (_path, _index, diagram) => {
      await expect(parseMermaid(diagram)).resolves.toMatch(/^(stateDiagram|flowchart-v2|sequence)$/);
    },
  );

  it('refuses what is none', async () => {
    await expect(parseMermaid('stateDiagram-v2\n  [*] --> : x')).rejects.toThrow(/Parse error on line 2/);
  });
});
