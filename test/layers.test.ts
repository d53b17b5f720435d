import { readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const sources = globSync(['src/**/*.{ts,tsx}', 'machines/**/*.ts', 'persistence/**/*.ts'], { cwd: root }).toSorted();

/** Files that may be longer than 400 lines, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {};
const maxLines = 400;

interface Source {
  /** Relative files it imports, type-only imports too. */
  readonly imports: readonly string[];
  /** Packages it imports. */
  readonly packages: readonly string[];
  /** Its text with comments, and texts in quotes, blanked out. */
  readonly code: string;
}

/** The parts of which the flow kind is made. */
const flowParts = ['kernel', 'engine', 'owner', 'contract', 'flows'];
/** And all of which a runtime is put together. */
const runtimeParts = [...flowParts, 'actors', 'queues', 'runtime'];

/** What may be imported from where: a file belongs to the first layer whose prefix it has. Each may import itself. */
const layers: readonly { readonly name: string; readonly prefix: string; readonly imports: readonly string[] }[] = [
  { name: 'core', prefix: 'src/core/', imports: [] },
  { name: 'evaluator', prefix: 'src/evaluator/', imports: ['core'] },
  { name: 'definition', prefix: 'src/definition/', imports: ['core', 'evaluator'] },
  { name: 'machines', prefix: 'machines/', imports: ['core', 'definition'] },
  // Parts of the contract in files of their own.
  { name: 'store records', prefix: 'persistence/answer.ts', imports: ['core'] },
  { name: 'store records', prefix: 'persistence/artifact-store.ts', imports: ['core'] },
  { name: 'store records', prefix: 'persistence/consolidation-store.ts', imports: ['core'] },
  { name: 'store records', prefix: 'persistence/interaction-', imports: ['core'] },
  { name: 'store records', prefix: 'persistence/isolation-store.ts', imports: [] },
  { name: 'store records', prefix: 'persistence/catalog-store.ts', imports: [] },
  { name: 'store records', prefix: 'persistence/actor-store.ts', imports: [] },
  { name: 'store records', prefix: 'persistence/feed-store.ts', imports: [] },
  { name: 'store contract', prefix: 'persistence/store.ts', imports: ['core', 'store records', 'store capabilities', 'tables'] },
  { name: 'store records', prefix: 'persistence/request-store.ts', imports: [] },
  { name: 'store contract', prefix: 'persistence/journal-rows.ts', imports: ['store records'] },
  { name: 'store contract', prefix: 'persistence/durations-store.ts', imports: ['store records'] },
  { name: 'store contract', prefix: 'persistence/queue-store.ts', imports: ['core', 'store records'] },
  { name: 'store records', prefix: 'persistence/records.ts', imports: ['core'] },
  { name: 'store records', prefix: 'persistence/queue-records.ts', imports: ['core'] },
  { name: 'store errors', prefix: 'persistence/store-errors.ts', imports: ['core', 'store records'] },
  { name: 'tables', prefix: 'persistence/table.ts', imports: ['store records'] },
  { name: 'tables', prefix: 'persistence/contract.ts', imports: ['store records'] },
  { name: 'tables', prefix: 'persistence/write-rules.ts', imports: ['store records'] },
  { name: 'tables', prefix: 'persistence/table-rules.ts', imports: ['store records'] },
  { name: 'records in tables', prefix: 'persistence/records/', imports: ['core', 'tables', 'store contract', 'store records', 'store errors', 'store capabilities'] },
  { name: 'memory store', prefix: 'persistence/memory/', imports: ['core', 'tables', 'store records', 'store errors'] },
  { name: 'rules of a store', prefix: 'persistence/suite/', imports: ['core', 'tables', 'memory store'] },
  { name: 'store capabilities', prefix: 'persistence/store-capabilities.ts', imports: [] },
  { name: 'files store', prefix: 'persistence/files/', imports: ['core', 'tables', 'records in tables', 'store contract', 'store records', 'store errors', 'store capabilities', 'memory store'] },
  { name: 'sqlite store', prefix: 'persistence/sqlite/', imports: ['core', 'tables', 'store records', 'store errors'] },
  { name: 'assertions', prefix: 'src/assertions/', imports: ['core', 'definition'] },
  { name: 'benchmark format', prefix: 'src/benchmark-format/', imports: ['core', 'evaluator', 'definition', 'assertions'] },
  { name: 'catalog', prefix: 'src/catalog/', imports: ['records in tables', 'core', 'definition', 'store contract', 'store records'] },
  { name: 'door to the kernel', prefix: 'src/kernel.ts', imports: ['core', 'evaluator', 'definition', 'store records', 'kernel'] },
  { name: 'kernel', prefix: 'src/kernel/', imports: ['core', 'definition', 'machines', 'store records'] },
  { name: 'engine', prefix: 'src/engine/', imports: ['records in tables', 'core', 'tables', 'store contract', 'store records'] },
  // Knows kinds by what the engine says of them.
  { name: 'debugger', prefix: 'src/debugger/', imports: ['core', 'definition', 'engine', 'owner'] },
  { name: 'owner', prefix: 'src/owner/', imports: ['core', 'machines', 'store contract', 'store records'] },
  // What kinds know of one another, as types.
  { name: 'contract', prefix: 'src/kinds/contract/', imports: ['core', 'kernel', 'engine'] },
  { name: 'flows', prefix: 'src/kinds/flows/', imports: ['records in tables', 'core', 'evaluator', 'definition', 'assertions', 'machines', 'store contract', 'store records', 'kernel', 'engine', 'contract', 'owner'] },
  { name: 'actors', prefix: 'src/kinds/actors/', imports: ['records in tables', 'core', 'store contract', 'store records', 'kernel', 'engine', 'contract'] },
  { name: 'queues', prefix: 'src/kinds/queues/', imports: ['records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', 'engine', 'contract', 'owner'] },
  { name: 'isolation', prefix: 'src/isolation/', imports: ['opened records', 'records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', 'memory store', 'files store', ...flowParts, 'tools'] },
  // What is told of an execution to whoever draws it, as plain JSON; the page imports its types, and what makes a plan of it.
  { name: 'inspector document', prefix: 'src/inspector/document/', imports: ['core', 'definition', 'store contract', 'store records', 'kernel', 'owner', 'flows', 'actors'] },
  // The composition root: where everything that a runtime can do is put together.
  { name: 'runtime', prefix: 'src/runtime/', imports: ['inspector document', 'records in tables', 'catalog', 'core', 'evaluator', 'definition', 'store contract', 'store records', ...flowParts, 'actors', 'queues', 'isolation', 'tools', 'debugger'] },
  { name: 'evaluating program', prefix: 'src/evaluator-', imports: ['core', 'definition', 'evaluator'] },
  { name: 'backup program', prefix: 'src/backup-thread.ts', imports: ['sqlite store'] },
  { name: 'program', prefix: 'src/isolated-process.ts', imports: ['core', 'door to files', 'isolation', ...runtimeParts, 'views', 'command line'] },
  { name: 'paths program', prefix: 'src/paths-thread.ts', imports: ['definition', 'testing', 'views'] },
  { name: 'import', prefix: 'src/import/', imports: ['records in tables', 'core', 'definition', 'store contract', 'store records', ...flowParts] },
  { name: 'tools', prefix: 'src/tools/', imports: ['core'] },
  { name: 'door of the package', prefix: 'src/index.ts', imports: ['opened records', 'records in tables', 'isolation', 'core', 'definition', 'assertions', 'catalog', 'machines', 'store contract', 'store records', 'memory store', ...runtimeParts, 'tools'] },
  { name: 'opened records', prefix: 'src/open-records.ts', imports: ['tables', 'records in tables', 'store contract', 'memory store', 'sqlite store'] },
  { name: 'door to sqlite', prefix: 'src/sqlite.ts', imports: ['opened records', 'sqlite store'] },
  { name: 'door to kinds and stores', prefix: 'src/kit.ts', imports: ['engine', 'tables', 'records in tables', 'store records', 'store errors', 'memory store', 'sqlite store', 'rules of a store', 'definition'] },
  { name: 'door to files', prefix: 'src/files.ts', imports: ['store contract', 'files store'] },
  { name: 'door for tests', prefix: 'src/testing.ts', imports: ['records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', ...runtimeParts, 'testing'] },
  { name: 'door to reports', prefix: 'src/report.ts', imports: ['records in tables', 'core', 'store contract', ...runtimeParts, 'views'] },
  { name: 'door to the predecessor', prefix: 'src/reev.ts', imports: ['benchmark format', 'import', 'tools'] },
  // A runtime in an app with windows. What windows import (`src/electron-window.ts`) has nothing of Node.js: test/packed says so.
  { name: 'desktop', prefix: 'src/desktop/', imports: ['core', 'machines', 'owner', 'runtime', 'client'] },
  { name: 'door to preload scripts', prefix: 'src/electron-preload.ts', imports: ['desktop'] },
  { name: 'door to windows', prefix: 'src/electron-window.ts', imports: ['owner', 'client', 'desktop'] },
  { name: 'door to other shells', prefix: 'src/electron-shell.ts', imports: ['desktop'] },
  { name: 'door to desktop apps', prefix: 'src/electron.ts', imports: ['owner', 'desktop'] },
  { name: 'program', prefix: 'src/bin.ts', imports: ['views', 'command line'] },
  { name: 'door to the inspector', prefix: 'src/inspector.ts', imports: ['inspector server', 'debugger', 'engine', 'runtime'] },
  { name: 'inspector server', prefix: 'src/inspector-server/', imports: ['core', 'server', 'runtime'] },
  { name: 'door to the server', prefix: 'src/server.ts', imports: ['server', 'route table'] },
  // What can be asked over HTTP, as data: the client has its types, and nothing else of it (test/client/bundle.test.ts).
  { name: 'route table', prefix: 'src/server/table/', imports: ['owner'] },
  { name: 'server', prefix: 'src/server/', imports: ['route table', 'tables', 'records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', 'catalog', 'assertions', 'benchmark format', ...runtimeParts, 'tools', 'views'] },
  { name: 'command line', prefix: 'src/views/cli/', imports: ['inspector server', 'opened records', 'records in tables', 'evaluator', 'isolation', 'import', 'core', 'definition', 'assertions', 'benchmark format', 'catalog', 'machines', 'store contract', 'store records', ...runtimeParts, 'tools', 'testing', 'door to sqlite', 'door of the package', 'views', 'server'] },
  { name: 'views', prefix: 'src/views/', imports: ['opened records', 'records in tables', 'evaluator', 'isolation', 'import', 'core', 'definition', 'assertions', 'benchmark format', 'catalog', 'machines', 'store contract', 'store records', ...runtimeParts, 'tools', 'testing', 'door to sqlite', 'door of the package', 'inspector document'] },
  // Pictures of flows and machines, for browsers: plain data in.
  { name: 'inspector graph', prefix: 'src/inspector/graph/', imports: ['core', 'definition'] },
  // Runs in browsers, too: test/client/bundle.test.ts.
  { name: 'client', prefix: 'src/client/', imports: ['route table', 'core', 'machines', ...runtimeParts] },
  { name: 'hooks for React', prefix: 'src/react/', imports: ['core', 'client', ...runtimeParts] },
  { name: 'door of hooks', prefix: 'src/react.ts', imports: ['hooks for React'] },
  { name: 'door of clients', prefix: 'src/client.ts', imports: ['core', ...runtimeParts, 'client'] },
  { name: 'inspector', prefix: 'src/inspector/', imports: ['catalog', 'core', 'definition', 'machines', 'store records', ...runtimeParts, 'inspector graph', 'inspector document', 'client', 'desktop', 'debugger'] },
  // Folders of later capabilities stand where the views stand.
  { name: 'testing', prefix: 'src/testing/', imports: ['opened records', 'records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', 'memory store', 'door to sqlite', ...runtimeParts, 'tools', 'evaluator'] },
  { name: 'capability', prefix: 'src/', imports: ['records in tables', 'core', 'definition', 'machines', 'store contract', 'store records', ...runtimeParts, 'tools', 'views'] },
];

/** What tools see of the runtime. */
const toolContract = 'src/kinds/flows/tool.ts';

function readSource(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8');
  const { module, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value)),
    // `import('x')`, as a value and as a type.
    ...[...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)].map(match => match[1]),
  ].filter(specifier => specifier !== undefined);
  let code = text;
  for (const { start, end } of comments) code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end);
  code = code.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "''");
  const isRelative = (specifier: string): boolean => specifier.startsWith('.');
  return {
    imports: [...new Set(specifiers.filter(isRelative).map(specifier => posix.join(dirname(file), specifier)))],
    packages: [...new Set(specifiers.filter(specifier => !isRelative(specifier)))],
    code,
  };
}

const files = new Map(sources.map(file => [file, readSource(file)]));
const toLayer = (file: string): string => layers.find(({ prefix }) => file.startsWith(prefix))?.name ?? 'outside';

function findForbidden(from: string, to: string): string | undefined {
  const [above, below] = [toLayer(from), toLayer(to)];
  if (above === below && above !== 'capability') return undefined;
  if (above === 'capability' && from.split('/')[1] === to.split('/')[1]) return undefined;
  if (layers.find(({ name }) => name === above)?.imports.includes(below)) return undefined;
  if (above === 'tools' && to === toolContract) return undefined;
  return `${from} (${above}) imports ${to} (${below})`;
}

/** Circles of imports, each named by its files; Tarjan's algorithm. */
function findCycles(): string[][] {
  const found: string[][] = [];
  const numbers = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): void => {
    numbers.set(file, numbers.size);
    lows.set(file, numbers.get(file) as number);
    stack.push(file);
    for (const next of files.get(file)?.imports ?? []) {
      if (!files.has(next)) continue;
      if (!numbers.has(next)) {
        visit(next);
        lows.set(file, Math.min(lows.get(file) as number, lows.get(next) as number));
      } else if (stack.includes(next)) {
        lows.set(file, Math.min(lows.get(file) as number, numbers.get(next) as number));
      }
    }
    if (lows.get(file) !== numbers.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.toSorted());
  };
  for (const file of files.keys()) if (!numbers.has(file)) visit(file);
  return found;
}

describe('the layers', () => {
  it('import one way only', () => {
    const forbidden = [...files].flatMap(([from, { imports }]) => imports.flatMap(to => findForbidden(from, to) ?? []));
    expect(forbidden).toEqual([]);
  });

  it('show the kernel the types of records, and nothing else of a store or a host', () => {
    const kernel = [...files].filter(([file]) => file === 'src/kernel.ts' || file.startsWith('src/kernel/'));
    const seen = new Set(kernel.flatMap(([, { imports }]) => imports.filter(to => to.startsWith('persistence/'))));
    expect([...seen].toSorted()).toEqual(['persistence/consolidation-store.ts', 'persistence/records.ts']);
    expect(kernel.flatMap(([file]) => readFileSync(join(root, file), 'utf8').match(/^(?:import|export) (?!type ).* from '[./]*persistence\/.*$/gm) ?? [])).toEqual([]);
    expect(kernel.flatMap(([file, { imports }]) => imports.filter(to => /^src\/(?:engine|kinds|owner|runtime|views)\//.test(to)).map(to => `${file} imports ${to}`))).toEqual([]);
  });

  it('have no circle of imports, not even of types', () => {
    expect(findCycles()).toEqual([]);
  });

  it('have an engine that knows no kind by name', () => {
    const words = (name: string): string[] => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/);
    const kinds = /^(flow|step|queue|message|actor)s?$/;
    // Names of the platform: an error's, and a function.
    const platform = new Set(['message', 'queueMicrotask']);
    const found = [...files].filter(([file]) => file.startsWith('src/engine/')).flatMap(([file, { code }]) =>
      [...new Set(code.match(/[A-Za-z_$][\w$]*/g))].filter(name => !name.endsWith('FlowError') && !platform.has(name) && words(name).some(word => kinds.test(word))).map(name => `${file}: ${name}`));
    expect(found).toEqual([]);
  });

  it('find every file they import', () => {
    const missing = [...files].flatMap(([from, { imports }]) => imports.filter(to => !files.has(to)).map(to => `${from} imports ${to}`));
    expect(missing).toEqual([]);
  });

  it('are real: a wrong import would be found', () => {
    expect(findForbidden('machines/step.ts', 'persistence/store.ts')).toBeDefined();
    expect(findForbidden('persistence/store.ts', 'machines/step.ts')).toBeDefined();
    expect(findForbidden('src/core/json.ts', 'src/kinds/flows/host.ts')).toBeDefined();
    expect(findForbidden('src/kinds/flows/host.ts', 'persistence/sqlite/open.ts')).toBeDefined();
    expect(findForbidden('src/kinds/flows/host.ts', 'src/tools/built-in.ts')).toBeDefined();
    expect(findForbidden('src/tools/http.ts', 'src/kinds/flows/host.ts')).toBeDefined();
    expect(findForbidden('src/views/cli/main.ts', 'persistence/sqlite/open.ts')).toBeDefined();
    expect(findForbidden('src/views/cli/main.ts', 'persistence/memory/memory-store.ts')).toBeDefined();
    expect(files.get('src/kinds/flows/host.ts')?.imports).toContain('persistence/records.ts');
    expect(files.size).toBeGreaterThan(100);
  });

  it('draw in a browser without Node.js, and without making markup of texts', () => {
    const drawing = [...files].filter(([file]) => file.startsWith('src/inspector/graph/'));
    expect(drawing.length).toBeGreaterThan(10);
    expect(drawing.flatMap(([file, { packages }]) => packages.filter(name => !/^(?:preact|@preact\/signals)(?:\/|$)/.test(name)).map(name => `${file} imports ${name}`))).toEqual([]);
    expect(drawing.filter(([, { code }]) => /innerHTML|outerHTML|insertAdjacentHTML/i.test(code)).map(([file]) => file)).toEqual([]);
  });

  it('know no logger, so that none is installed with them', () => {
    expect([...files].filter(([, { packages }]) => packages.includes('pino')).map(([file]) => file)).toEqual([]);
  });

  it('reach XState and the SQLite drivers in their own places only', () => {
    const users = (names: readonly string[]): string[] => [...files].filter(([, { packages }]) => packages.some(name => names.includes(name))).map(([file]) => file);
    for (const file of users(['better-sqlite3', 'node:sqlite'])) expect(file).toMatch(/^persistence\/sqlite\//);
    for (const file of users(['xstate'])) expect(file).toMatch(/^(machines|src\/kinds|src\/runtime|src\/views\/mermaid|src\/testing|src\/inspector(-server)?)\/|^src\/core\/machine-runner\.ts$/);
  });
});

describe('every file', () => {
  const all = globSync(['src/**/*.{ts,tsx}', 'machines/**/*.ts', 'persistence/**/*.ts', 'test/**/*.{ts,tsx}'], { cwd: root });

  it('has at most 400 lines', () => {
    const long = all.map(file => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 })).filter(({ file, lines }) => lines > maxLines && !(file in longFiles));
    expect(long).toEqual([]);
  });

  it('is named after one idea, in kebab-case', () => {
    const wrong = all.filter(file => {
      const name = posix.basename(file).replace(/(\.(?:desktop|test|packed|page|browser))?\.tsx?$/, '');
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || (/^(utils?|helpers?|common|types|index)$/.test(name) && file !== 'src/index.ts');
    });
    expect(wrong).toEqual([]);
  });

  it('takes time and chance from the clock and the random source it was given', () => {
    const forbidden = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval|AbortSignal\.timeout|hrtime|randomUUID)\b|new Date\(\)/;
    const doors = ['src/core/clock.ts', 'src/core/ids.ts'];
    const wrong = [...files].flatMap(([file, { code }]) => (doors.includes(file) ? [] : (forbidden.exec(code)?.slice(0, 1).map(found => `${file}: ${found}`) ?? [])));
    expect(wrong).toEqual([]);
  });
});
