import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/views/cli/program.ts';
import { toProjectManifest } from '../../src/views/project-manifest.ts';
import { listBlocks, pages, requirePage, root } from './pages.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string>; name: string };
/** Those of the project that `flowstone init` writes. */
const example = JSON.parse(readFileSync(join(root, 'docs/examples/desktop/package.json'), 'utf8')) as { scripts: Record<string, string> };
/** Of projects that are not this one: what `flowstone init` makes, and the desktop app. */
const projectScripts = new Set([...Object.keys(toProjectManifest({}, {}, 'project', undefined).scripts ?? {}), ...Object.keys(example.scripts)]);
const commands = createProgram({} as Parameters<typeof createProgram>[0], () => {}).commands;

/** Command lines of a page, in blocks and in sentences, without prompts, comments and what the shell does around them. */
function listCommandLines(path: string): string[] {
  const page = requirePage(path);
  const blocks = listBlocks(page).filter(({ language }) => language === 'sh').map(({ text }) => text);
  const spans = [...page.text.matchAll(/`((?:npx )?flowstone [a-z][^`\n]*|npm run [^`\n]+)`/g)].map(([, line = '']) => line);
  return [...blocks, ...spans]
    .flatMap(text => text.replaceAll(/\\\n\s*/g, ' ').split(/\n|&&|\|/))
    .map(line => line.replace(/#.*$/, '').trim())
    .filter(line => line !== '');
}

function findWrong(line: string): string | undefined {
  const [program, ...rest] = line.split(/\s+/);
  if (program === 'npm') {
    const script = rest[0] === 'run' ? rest.find((word, index) => index > 0 && !word.startsWith('-')) : ['start', 'test'].includes(rest[0] ?? '') ? rest[0] : undefined;
    if (script !== undefined && !(script in manifest.scripts) && !projectScripts.has(script)) return `no script ${script}`;
    if (script !== 'flowstone') return undefined;
  } else if (program !== 'flowstone' && !(program === 'npx' && rest[0] === 'flowstone')) {
    return undefined;
  }
  const words = program === 'npm' ? rest.slice(rest.indexOf('--') + 1) : program === 'npx' ? rest.slice(1) : rest;
  const [name = ''] = words;
  if (name.startsWith('-')) return undefined;
  const command = commands.find(known => known.name() === name);
  if (!command) return name === 'ARGS' ? undefined : `no command ${name}`;
  const options = words.filter(word => word.startsWith('--')).map(word => word.split('=')[0]);
  return options.map(option => (command.options.some(({ long }) => long === option) ? undefined : `no option ${option} of ${name}`)).find(Boolean);
}

describe('commands', () => {
  test('the README begins with the two that a fresh checkout needs', () => {
    expect(requirePage('README.md').text).toContain('npm ci && npm start');
    expect(requirePage('README.md').text).toContain('npm ci && npm test');
  });

  test.each(pages.map(({ path }) => [path] as const))('of %s exist, and so do their options', path => {
    const wrong = listCommandLines(path).map(line => [line, findWrong(line)] as const).filter(([, problem]) => problem !== undefined);
    expect(wrong).toEqual([]);
  });

  test('that do not exist are noticed', () => {
    expect(['npm run nothing', 'flowstone rum x.yml', 'npm run -s flowstone -- run x.yml --worker 3', 'npm ci', 'cd flows'].map(findWrong)).toEqual([
      'no script nothing', 'no command rum', 'no option --worker of run', undefined, undefined,
    ]);
  });
});
