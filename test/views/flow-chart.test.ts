import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { renderFlowChart } from '../../src/views/mermaid/flow-chart.ts';

const flow = defineFlow({
  id: 'chart',
  steps: [
    { id: 'scan', uses: 'tool:scan', retry: { maxAttempts: 3 } },
    { id: 'end', uses: 'exec', depends_on: ['scan'], for_each: '{% steps.scan.output[size > 3 and name = "a"] %}', with: { command: 'true' } },
    { id: 'a-b', uses: 'sleep', depends_on: ['scan'], critical: false, with: { for: '1s' } },
    { id: 'a_b', uses: 'signal', depends_on: ['end', 'a-b'], when: '{% steps.end.output != null %}', with: { name: 'go' } },
    { id: 'child', uses: 'flow:other', depends_on: ['a_b'] },
  ],
});

const node = String.raw`s_[A-Za-z0-9_]+`;
const label = String.raw`"(?:[^"#<>&\x60\\%]|#\d+;|<br/>)*"`;
const grammar = [
  /^flowchart (?:TD|LR)$/,
  new RegExp(String.raw`^ {2}${node}(?:\[${label}\]|\[/${label}/\]|\(\[${label}\]\)|>${label}\]|\[\[${label}\]\]|\{${label}\}|\(\(${label}\)\))$`),
  new RegExp(String.raw`^ {2}${node} (?:-->|-\.->)(?:\|(?:yes|no)\|)? ${node}(?:\(\("skip"\)\))?$`),
  new RegExp(String.raw`^ {2}classDef [a-z]+ [a-z0-9#:,\- ]+$`),
  new RegExp(String.raw`^ {2}class ${node}(?:,${node})* [a-z]+$`),
];

function readLines(chart: string): string[] {
  const lines = chart.trimEnd().split('\n');
  for (const line of lines) expect(grammar.some(rule => rule.test(line)), line).toBe(true);
  return lines;
}

describe('a flow as a Mermaid flowchart', () => {
  it('has one node per step and one arrow per dependency', () => {
    const lines = readLines(renderFlowChart(flow));
    const nodes = lines.filter(line => /^ {2}s_\w+(?:\[|\(\[|>)/.test(line));
    expect(nodes).toHaveLength(flow.steps.length);
    const declared = new Set(lines.map(line => /^ {2}(s_\w+)(?:\[|\(|>|\{)/.exec(line)?.[1]).filter(Boolean));
    const arrows = lines.map(line => /^ {2}(s_\w+) (?:-->|-\.->)(?:\|\w+\|)? (s_\w+)/.exec(line)).filter(match => match !== null);
    for (const [, from, to] of arrows) expect([declared.has(from), declared.has(to) || to?.endsWith('_skip')]).toEqual([true, true]);
    expect(arrows).toHaveLength(5 + 2);
  });

  it('shows conditions, items, retries and what is optional', () => {
    const chart = renderFlowChart(flow);
    expect(chart).toContain('s_scan["scan<br/>tool:scan<br/>up to 3 attempts"]');
    expect(chart).toMatch(/s_end\[\/"end<br\/>exec<br\/>for each of steps\.scan\.output\[size #62; 3 and name = #34;a#34;\]"\/\]/);
    expect(chart).toContain('s_a_b(["a-b<br/>sleep<br/>optional"])');
    expect(chart).toContain('s_a_b_2_when{"steps.end.output != null"}');
    expect(chart).toContain('s_child[["child<br/>flow:other"]]');
    expect(chart).toContain('class s_a_b optional');
  });

  it('colours the steps of an execution', () => {
    const chart = renderFlowChart(flow, { statuses: new Map([['scan', 'completed'], ['end', 'failed']]), direction: 'LR' });
    expect(readLines(chart)[0]).toBe('flowchart LR');
    expect(chart).toContain('class s_scan completed');
    expect(chart).toContain('class s_end failed');
    expect(chart).toContain('class s_a_b,s_a_b_2,s_child pending');
  });

  it('stays well-formed whatever the texts are', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 }), (condition, list) => {
      readLines(renderFlowChart({ ...flow, steps: flow.steps.map(step => ({ ...step, when: condition, for_each: list })) }));
    }));
  });
});
