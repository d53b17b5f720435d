import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const executablePath = process.env['FLOWSTONE_CHROMIUM'] ?? '/usr/bin/chromium';
/** Without it tests in a browser are skipped, and say so. */
export const hasChromium = existsSync(executablePath);
if (!hasChromium) console.warn(`SKIPPED: no Chromium at ${executablePath}. \`.ci/install-browsers\` installs it`);
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // Letters have the same shapes on every screen.
  '--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb',
];

/** A browser of its own, without a past; closed and forgotten when disposed of. */
export interface OpenChromium extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts Chromium, headless, with an empty profile. @param more of its arguments */
export async function openChromium(options: BrowserContextOptions = {}, more: readonly string[] = []): Promise<OpenChromium> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-chromium-'));
  const context = await chromium.launchPersistentContext(folder, { executablePath, args: [...args, ...more], headless: true, viewport: { width: 1280, height: 800 }, ...options });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
