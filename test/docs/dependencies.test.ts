import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requirePage, root } from './pages.ts';

interface Manifest {
  readonly license?: string;
  /** As manifests had it once. */
  readonly licenses?: readonly { readonly type: string }[];
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const read = (path: string): Manifest => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0'];

/** A licence that asks something of whoever passes a file on: nothing of it is published, or changed. */
const onlyRunInTests: { readonly [name: string]: readonly string[] } = { 'axe-core': ['MPL-2.0'] };

/** Rows of the page's tables: name and licence. */
const rows = [...requirePage('docs/internals/dependencies.md').text.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(([, name = '', licence = '']) => ({ name, licence: licence.trim() }));
const manifest = read('package.json');
const installed = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap(group => Object.keys(group ?? {}));

describe('docs/internals/dependencies.md', () => {
  test('has one line for each dependency and none for anything else', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(installed.toSorted());
  });

  test.each(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))('states the licence of %s, and it is a permissive one', name => {
    const { licenses, license = licenses?.[0]?.type } = read(`node_modules/${name}/package.json`);
    expect(rows.find(row => row.name === name)?.licence).toBe(license);
    expect(onlyRunInTests[name] ?? allowed).toContain(license);
  });

  test('every version is exact', () => {
    const versions = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap(group => Object.values(group ?? {}));
    expect(versions.filter(version => !/^(?:npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
