import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createProgram } from '../../src/views/cli/program.ts';

const page = readFileSync(new URL('../../docs/reference/command-line.md', import.meta.url), 'utf8');
const program = createProgram({ stdout: process.stdout, stderr: process.stderr, env: {}, cwd: '.', clock: systemClock, json: false }, () => {});
const sections = new Map(page.split(/^### /m).slice(1).map(text => [/^`(\w+)/.exec(text)?.[1] ?? '', text.split(/^## /m)[0] ?? '']));

describe('docs/reference/command-line.md', () => {
  it('has an entry for every command, and for no other', () => {
    expect([...sections.keys()].toSorted()).toEqual(program.commands.map(command => command.name()).toSorted());
  });

  it.each(program.commands.map(command => [command.name(), command] as const))('names every option of `%s`, and no other', (name, command) => {
    const documented = [...(sections.get(name) ?? '').matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option);
    const options = command.options.map(({ long }) => long).filter(long => long !== '--json');
    expect(documented.toSorted()).toEqual(options.toSorted());
  });
});
