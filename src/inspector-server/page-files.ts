import type { Dirent } from 'node:fs';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { findPackageFolder } from '../core/entry-file.ts';

const types: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json', '.woff2': 'font/woff2', '.png': 'image/png',
};

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Flowstone inspector</title>
<h1>The inspector's page is not built</h1><p>In a checkout: <code>npm run build</code>. The protocol is spoken at <code>/api/v1/live</code> all the same.</p></html>`;

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** The files of the page by name: only what is there when this is called can be asked for, so that no path leaves the folder. */
export function listPageFiles(folder = join(findPackageFolder() ?? '.', 'dist/inspector')): ReadonlyMap<string, () => PageFile> {
  const files = new Map<string, () => PageFile>();
  for (const entry of readFolder(folder)) {
    const file = join(entry.parentPath, entry.name);
    const type = types[extname(entry.name)];
    if (entry.isFile() && type) files.set(relative(folder, file).split(sep).join('/'), () => ({ type, body: new Uint8Array(readFileSync(file)) }));
  }
  if (!files.has('index.html')) files.set('index.html', () => ({ type: 'text/html; charset=utf-8', body: notBuilt }));
  return files;
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true });
  } catch {
    return [];
  }
}
