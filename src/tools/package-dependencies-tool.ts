import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseJsonText } from '../core/json-text.ts';
import { defineBuiltIn, permanent, toErrno } from './define-built-in.ts';
import { resolveFolder, resolveInside } from './folder.ts';
import { mapConcurrently } from './map-concurrently.ts';

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
const ranges = z.record(z.string(), z.string()).default({});

const manifest = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  dependencies: ranges,
  devDependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
});

/** Old packages wrote an object, or a list of them. */
const licence = z.union([
  z.string(),
  z.looseObject({ type: z.string() }).transform(({ type }) => type),
  z.array(z.looseObject({ type: z.string() })).transform(all => all.map(({ type }) => type).join(' OR ')),
]);
const installed = z.looseObject({ version: z.string().optional().catch(undefined), license: licence.optional().catch(undefined), licenses: licence.optional().catch(undefined) });
const lock = z.looseObject({ packages: z.record(z.string(), installed).optional() });

export const packageDependenciesTool = defineBuiltIn({
  name: 'package.dependencies',
  description: 'Lists the direct dependencies of an npm package, with versions and licences.',
  input: z.strictObject({ folder: z.string().min(1).default('.') }),
  output: z.object({
    name: z.string().nullable(),
    version: z.string().nullable(),
    dependencies: z.array(
      z.object({ name: z.string(), kind: z.enum(kinds), range: z.string(), version: z.string().nullable(), licence: z.string().nullable() }),
    ),
    licences: z.array(z.object({ licence: z.string(), packages: z.number() })),
    /** With those of the dependencies; null: there is no lock file. */
    lockedPackages: z.number().nullable(),
  }),
  async run({ input, signal }) {
    const folder = await resolveFolder(input.folder);
    const found = await readJson(folder, 'package.json', manifest);
    if (!found) throw permanent('package_not_found', `Expected a package.json in ${JSON.stringify(folder)}; leave the step out for other kinds of projects`, { folder });
    const locked = (await readJson(folder, 'package-lock.json', lock))?.packages;
    const wanted = kinds.flatMap(kind => Object.entries(found[kind]).map(([name, range]) => ({ kind, name, range })));
    const dependencies = await mapConcurrently(wanted, 8, signal, async ({ kind, name, range }) => {
      const place = `node_modules/${name}`;
      const present = await readJson(folder, `${place}/package.json`, installed).catch(() => undefined);
      const entry = locked?.[place];
      return {
        name,
        kind,
        range,
        version: entry?.version ?? present?.version ?? null,
        licence: present?.license ?? present?.licenses ?? entry?.license ?? null,
      };
    });
    const licences = [...Map.groupBy(dependencies, dependency => dependency.licence ?? 'unknown')].map(([name, all]) => ({ licence: name, packages: all.length }));
    return {
      name: found.name ?? null,
      version: found.version ?? null,
      dependencies,
      licences: licences.toSorted((a, b) => b.packages - a.packages || (a.licence < b.licence ? -1 : 1)),
      lockedPackages: locked ? Object.keys(locked).filter(place => place !== '').length : null,
    };
  },
});

/** Undefined: there is no such file. Fails with `package_invalid` and `path_outside_folder`. */
async function readJson<Schema extends z.ZodType>(folder: string, file: string, schema: Schema): Promise<z.output<Schema> | undefined> {
  const invalid = (why: string): Error => permanent('package_invalid', `Expected ${file} to be an npm package's: ${why}`, { file });
  const text = await readFile(await resolveInside(folder, file), 'utf8').catch((error: unknown) => {
    if (toErrno(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  return parsed.data;
}
