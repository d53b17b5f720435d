import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { hostedMachines } from '../../src/views/mermaid/hosted-machines.ts';
import { renderStateDiagram } from '../../src/views/mermaid/state-diagram.ts';

const text = String.raw`(?:[^#"<>&\x60\\%;:{}~-]|#\d+;)+`;
const grammar = [
  /^stateDiagram-v2$/,
  /^ *\[\*\] --> \w+$/,
  /^ *\w+ --> \[\*\]$/,
  new RegExp(String.raw`^ *state "${text}" as \w+$`),
  /^ *state \w+ \{$/,
  /^ *\}$/,
  /^ *--$/,
  new RegExp(String.raw`^ *\w+ : ${text}$`),
  new RegExp(String.raw`^ *\w+ --> \w+ : ${text}$`),
  /^ *note right of \w+$/,
  /^ *end note$/,
  new RegExp(String.raw`^ {4,}${text}$`),
];

function readLines(diagram: string): string[] {
  const lines = diagram.trimEnd().split('\n');
  for (const line of lines) expect(grammar.some(rule => rule.test(line)), line).toBe(true);
  return lines;
}

describe('a machine as a Mermaid state diagram', () => {
  it.each(Object.entries(hostedMachines))('shows every state and transition of %s', (_name, machine) => {
    const lines = readLines(renderStateDiagram(machine));
    for (const [key, state] of Object.entries(machine.states)) {
      expect(lines).toContain(`  state "${key}" as ${key}`);
      for (const transition of [...state.transitions.values()].flat()) {
        const targets = transition.target ?? [];
        const guard = transition.guard === undefined ? '' : ` [${String(transition.guard)}]`;
        const start = targets[0] ? `  ${key} --> ${targets[0].key} : ${transition.eventType}${guard}` : `  ${key} : ${transition.eventType}${guard}`;
        expect(lines.some(line => line === start || line.startsWith(`${start} /`)), start).toBe(true);
      }
    }
  });

  it('draws a transition of the root from every state it can be taken in', () => {
    const diagram = renderStateDiagram(hostedMachines['orchestrator'] ?? expect.fail());
    for (const state of ['open', 'full', 'draining']) expect(diagram).toContain(`  ${state} --> draining : orchestrator.drain`);
  });

  it('draws nested, parallel and history states, and escapes what means something', () => {
    const machine = setup({}).createMachine({
      id: 'w',
      initial: 'a',
      on: { RESET: '.a' },
      states: {
        a: { initial: 'x', on: { GO: '.y', 'out: {x} "q"; #1 - ~': 'b' }, states: { x: { on: { N: 'y' } }, y: {}, h: { type: 'history' } } },
        b: { type: 'parallel', after: { 1_000: 'end' }, always: { guard: () => true, target: 'a.h' }, states: { p: { initial: 'p1', states: { p1: { on: { F: 'p2' } }, p2: { type: 'final' } } }, q: {} } },
        end: { type: 'final' },
      },
    });
    const lines = readLines(renderStateDiagram(machine));
    expect(lines).toContain('  a__x --> a__y : GO');
    expect(lines).toContain('  b --> a__h : always [guard]');
    expect(lines).toContain('    --');
    expect(lines).toContain('  note right of b');
    expect(lines.filter(line => line.includes(' --> ') && line.includes('RESET')).map(line => line.trim().split(' ')[0]).toSorted()).toEqual(['a__x', 'a__y', 'b__p__p1', 'b__q']);
    expect(lines.join('\n')).toContain('out#58; #123;x#125; #34;q#34;#59; #35;1 #45; #126;');
    let depth = 0;
    for (const line of lines) {
      depth += line.endsWith('{') ? 1 : line.trim() === '}' ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
  });
});
