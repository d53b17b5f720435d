import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { buildInspector } from '../../.ci/inspector.ts';
import { writeExportedPage } from '../browser/exported-page.ts';
import { openDisplay } from './window-app.ts';

describe.skipIf(inject('lacking') !== '')('the page with one execution in it, in WebKitGTK', () => {
  it('opens from the disk, replays to the stored states, steps back and forth, and asks nobody for anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-exported-'));
    const display = await openDisplay();
    try {
      await buildInspector(join(import.meta.dirname, '../../dist/inspector'));
      const file = await writeExportedPage(folder);
      const env = { ...process.env, DISPLAY: display.name, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', LANG: 'C.UTF-8', WEBKIT_DISABLE_COMPOSITING_MODE: '1' };
      const { stdout } = await promisify(execFile)('gjs', ['-m', join(import.meta.dirname, 'look-at-file.js'), file], { env });
      const seen = JSON.parse(stdout) as { readonly places: readonly number[]; readonly proof: string };
      const [most = 0] = seen.places;
      expect(seen).toEqual({ proof: expect.stringContaining('each to the stored state'), places: [most, most - 1, 0, 1, most], cards: 9, isInView: true, errors: [], requests: [] });
      expect(most).toBeGreaterThan(30);
    } finally {
      await display.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
