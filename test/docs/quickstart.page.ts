import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requirePage, root } from './pages.ts';

const page = requirePage('docs/guides/quickstart.md');
// In the checkout, so that the packages of the checkout are found; what is typed is typed in `my-flows`.
const work = mkdtempSync(join(root, 'test/docs/.quickstart-'));
const folder = join(work, 'my-flows');
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A folder where Flowstone is installed: the sources of the checkout, and its program. */
function install(): NodeJS.ProcessEnv {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/flowstone'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{ "dependencies": { "flowstone": "file:../flowstone.tgz" } }\n');
  const bin = join(work, 'bin');
  mkdirSync(bin);
  for (const [name, shift] of [['flowstone', ''], ['npx', 'shift; ']] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${shift}exec "${process.execPath}" "${join(root, 'src/bin.ts')}" "$@"\n`, { mode: 0o755 });
  }
  return {
    ...process.env, NO_COLOR: '1', NODE_OPTIONS: '--conditions=flowstone-source --disable-warning=ExperimentalWarning', NODE_TEST_CONTEXT: undefined, npm_lifecycle_event: 'npx',
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
  };
}

/** What is another at every run: times, places, versions of lines that Node.js writes. */
const settle = (text: string): string =>
  text.replaceAll(folder, '/home/ada/my-flows').replaceAll(/ \(\d+(?:\.\d+)?ms\)/g, '').replaceAll(/^ℹ duration_ms .*\n/gm, '').replaceAll(/^ℹ (?:suites|cancelled|skipped|todo) 0\n/gm, '').replaceAll(/\n{3,}/g, '\n\n').trim();

/** Long lists are shown by their beginning and their end. */
function shorten(text: string): string {
  const lines = text.split('\n');
  return lines.length <= 24 ? text : [...lines.slice(0, 10), `… ${lines.length - 14} more`, ...lines.slice(-4)].join('\n');
}

function runPage(): string {
  const env = install();
  return page.text
    .replaceAll(/<!-- file: (\S+) -->\n```(\w+)\n[\s\S]*?```\n/g, (_, file: string, language: string) => `<!-- file: ${file} -->\n\`\`\`${language}\n${readFileSync(join(root, file), 'utf8')}\`\`\`\n`)
    .replaceAll(/```sh\n([^`]+)```\n\n```text\n[\s\S]*?```\n/g, (_, command: string) => {
      const { stdout, stderr, status } = spawnSync(command, { cwd: folder, env, encoding: 'utf8', shell: true });
      if (status !== 0) throw new Error(`${command} ended with exit code ${status}:\n${stdout}${stderr}`);
      return `\`\`\`sh\n${command}\`\`\`\n\n\`\`\`text\n${shorten(settle(stdout))}\n\`\`\`\n`;
    });
}

// After a change of what is printed: npm run docs -- --update
test('the quickstart shows the files of the project as they are, and what its commands print', { timeout: 600_000 }, async () => {
  await expect(runPage()).toMatchFileSnapshot(join(root, page.path));
});
