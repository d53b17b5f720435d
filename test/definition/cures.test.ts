import { describe, expect, it } from 'vitest';
import { findNearest } from '../../src/core/wording.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { findDoubts } from '../../src/definition/static-checks.ts';

const flow = (when: string): string => `id: f\nsteps:\n  - { id: get-balance, uses: exec, with: { command: a } }\n  - id: b\n    uses: exec\n    depends_on: [get-balance]\n    when: ${JSON.stringify(when)}\n`;
const complain = (text: string): string => {
  try {
    parseFlow(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a mistake that many make', () => {
  it.each([
    ['steps.`get-balance`.output == 1', 'compares with `=`'],
    ['steps.`get-balance`.output === 1', 'compares with `=` and `!=`'],
    ['input.a = 1 && input.b = 2', '`and` joins'],
    ['input.a = 1 || input.b = 2', '`or` joins'],
    ['!input.a', '`$not(…)`'],
    ['{{ input.a }} = 1', 'between `{%` and `%}`'],
    ['steps.get-balance.output = 1', 'steps.`get-balance`'],
    ['input.user-name = 1', '`user-name`'],
  ])('in an expression is told with its cure: %s', (source, cure) => {
    expect(complain(flow(source))).toContain(cure);
  });

  it.each(['steps.`get-balance`.output = "a == b"', 'input.a = "x && y"', 'input.a-1 = 2'])('is not found where there is none: %s', source => {
    expect(complain(flow(source))).toBe('');
  });

  it.each([
    ['id: f\nsteps:\n  - id: a\n    uses: exec\n    with:\n    command: ls\n', 'if it belongs to `with`, which is empty, indent it further'],
    ['id: f\nsteps:\n  - id: a\n   uses: exec\n', 'begin in the same column'],
    ['id: f\nsteps:\n\t- id: a\n', 'indent with spaces'],
  ])('in the indentation is told with its cure: %j', (text, cure) => {
    expect(complain(text)).toContain(cure);
  });

  it('of another language of templates is a doubt that names the right one', () => {
    const definition = parseFlow('id: f\nsteps:\n  - { id: a, uses: exec, with: { command: "{{ input.name }}", args: ["${{ input.x }}", "{% input.y %}", "{ }"] } }\n');
    expect(findDoubts(compileFlow(definition)).filter(({ code }) => code === 'braces_unknown').map(({ path, expected }) => [path.join('.'), expected]).toSorted()).toEqual([
      ['steps.0.with.args.0', '`{% input.x %}`'], ['steps.0.with.command', '`{% input.name %}`'],
    ]);
  });

  it.each([['wiht', 'with'], ['ist', 'its'], ['ue', 'eu']])('of two letters is one slip: %s', (word, meant) => {
    expect(findNearest(word, ['nothing', meant])).toBe(meant);
  });
});
