import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { openChromium } from '../open-chromium.ts';

const root = resolve(import.meta.dirname, '../../..');

/** The gallery in a page: `page.evaluate(item => showItem(item), item)` draws. */
export interface OpenGallery extends AsyncDisposable {
  readonly page: Page;
}

/** Bundles the graphs as for the page of the inspector, and opens them in Chromium. */
export async function openGallery({ scheme = 'light', width = 1280, height = 860 }: { readonly scheme?: 'light' | 'dark'; readonly width?: number; readonly height?: number } = {}): Promise<OpenGallery> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'gallery.tsx')], absWorkingDir: root, bundle: true, write: false, format: 'iife', platform: 'browser', target: 'es2023',
    jsx: 'automatic', jsxImportSource: 'preact', conditions: ['flowstone-source'], logLevel: 'warning',
  });
  const style = readFileSync(join(root, 'src/inspector/graph/graph.css'), 'utf8');
  const chromium = await openChromium({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' });
  const page = await chromium.context.newPage();
  await page.setContent(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>:root{color-scheme:light dark}body{margin:0;font:13px/1.4 system-ui,sans-serif}main{width:100vw;height:100vh}${style}</style><main></main></html>`);
  await page.addScriptTag({ content: outputFiles[0]!.text });
  return { page, [Symbol.asyncDispose]: () => chromium[Symbol.asyncDispose]() };
}
