import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of Flowstone, from its own manifest above this file; `unknown` in an app that was bundled. */
export function readPackageVersion(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: string; readonly version?: string };
      if (name === 'flowstone') return version ?? 'unknown';
    }
    if (dirname(folder) === folder) return 'unknown';
  }
}
