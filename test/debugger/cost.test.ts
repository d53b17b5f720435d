import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('costs a signal no function of the debugger while nobody is attached', async () => {
  const program = fileURLToPath(new URL('signal-coverage.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=flowstone-source', program]);
  const { detached, attached } = JSON.parse(stdout) as { readonly detached: string[]; readonly attached: string[] };
  expect(detached).toEqual([]);
  // The same look finds what runs once somebody is.
  expect(attached).toEqual(expect.arrayContaining(['sift', 'ended']));
});
