#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';

// Nothing else is imported up here: `--version` answers at once, and an old Node.js is told so before anything native loads.

const argv = process.argv.slice(2);

function readVersion(): string {
  const manifest = ['../package.json', '../../package.json'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url));
  return manifest ? String(JSON.parse(readFileSync(manifest, 'utf8')).version) : 'unknown';
}

function isNodeTooOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 14);
}

if (argv.find(argument => argument !== '--json') === '--version') {
  process.stdout.write(argv.includes('--json') ? `${JSON.stringify({ version: readVersion() })}\n` : `${readVersion()}\n`);
} else if (isNodeTooOld()) {
  const message = `Expected Node.js 22.14 or later, this is ${process.versions.node}. Install a newer one from https://nodejs.org`;
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code: 'node_too_old', message } })}\n`);
  process.stderr.write(`flowstone: ${message} (node_too_old)\n`);
  process.exitCode = 3;
} else {
  module.enableCompileCache?.();
  const { main } = await import('./views/cli/main.ts');
  await main(argv);
}
