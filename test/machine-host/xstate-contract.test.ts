import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import * as own from 'xstate';
import * as first from 'xstate-5-19';
import * as middle from 'xstate-5-27';
import { testedReleases } from '../../src/kinds/actors/xstate-internals.ts';
import type { Copy } from './recording-system.ts';
import { facts } from './xstate-facts.ts';

/**
 * What changed in XState of what is known of its insides, by release. Hosting was tried with all releases from 5.0.0 to 5.33.3.
 *
 * - 5.19.0: custom actions go through `actionExecutor`; before, they run inside the transition. Nothing earlier can be hosted.
 * - 5.19.3: history is restored from ids of nodes; before, a restored machine forgot it. Nothing earlier is taken.
 * - 5.22.1: `_systemId` of an actor became `systemId`.
 * - 5.23.0: a system has `getAll`.
 * - 5.25.1: `stopChild` unregisters what is below the child, too; listeners go when an actor ends.
 * - 5.27.0: each microstep puts an `actionExecutor` of its own over the one in the scope, and back.
 * - 5.28.0: `route` of a state becomes transitions for `xstate.route`, which the structure of a machine then has.
 * - 5.32.0: the package is cut into other files; nothing else.
 * - 5.32.2: transitions for `*` are asked when those for the event's own name refuse.
 * - 5.32.6: a first state that throws makes a snapshot in error, no exception.
 * - 5.33.3: a machine that ends stops its children itself.
 */
const copies: readonly (readonly [name: string, x: Copy])[] = [
  [`${testedReleases.newest}, its own`, own],
  [testedReleases.oldest, first as unknown as Copy],
  ['5.27.0', middle as unknown as Copy],
];

const readVersion = (name: string): string => (JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as { version: string }).version;

describe.each(copies)('XState %s', (_, x) => {
  it.each(facts)('$fact', ({ check, holds }) => check(x, `On this hangs: ${holds}`));
});

describe('what is known of XState\'s insides', () => {
  it('was tested with the releases that messages name', () => {
    expect([readVersion('xstate-5-19'), readVersion('xstate-5-27'), readVersion('xstate')]).toEqual([testedReleases.oldest, '5.27.0', testedReleases.newest]);
  });

  it('stands in one module', () => {
    const folder = new URL('../../src/kinds/actors/', import.meta.url);
    const telling = globSync(['*.ts', '!xstate-internals.ts'], { cwd: folder.pathname }).filter(file => /'xstate\.(?!error')|`xstate\.(?!\\`)|_nodes|idMap|_systemId/.test(readFileSync(new URL(file, folder), 'utf8')));
    expect(telling).toEqual([]);
  });
});
