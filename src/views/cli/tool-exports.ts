import { describeValue } from '../../core/wording.ts';
import { FlowError } from '../../core/errors.ts';
import { defineTool, type Tool } from '../../kinds/flows/tool.ts';

type Run = Parameters<typeof defineTool>[0]['run'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTool(value: unknown): value is Tool {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['run'] === 'function';
}

/** A class can be called only with `new`: it is no tool. */
function isPlainFunction(value: unknown): value is Run {
  return typeof value === 'function' && !Function.prototype.toString.call(value).startsWith('class');
}

/** Makes a tool of a value that may be one; undefined: it is none. */
function toTool(value: unknown, name: string): Tool | undefined {
  if (isTool(value)) return value;
  if (isPlainFunction(value) && name !== '' && name !== 'default') return defineTool({ name, run: value });
  return undefined;
}

function requireTool(value: unknown, name: string, where: string, file: string): Tool {
  const tool = toTool(value, name);
  if (tool) return tool;
  const advice = isPlainFunction(value) ? 'Give the function a name, or put it into a record' : 'Make it with `defineTool`, or write a function `({ input }) => output`';
  throw new FlowError('tools_module_invalid', `Expected ${where} of \`${file}\` to be a tool or a named function, got ${describeValue(value)}. ${advice}`, { place: { file } });
}

function readCollection(value: unknown, where: string, file: string): Tool[] | undefined {
  if (Array.isArray(value)) {
    return value.map((entry, index) => requireTool(entry, typeof entry === 'function' ? entry.name : '', `\`${where}[${index}]\``, file));
  }
  if (isRecord(value) && !isTool(value)) {
    return Object.entries(value).map(([name, entry]) => requireTool(entry, name, `\`${where}.${name}\``, file));
  }
  return undefined;
}

/**
 * Finds the tools a module exports: a `tools` list or record, else a default export of those, and named exports.
 *
 * Named exports that are no tools are left alone, as long as there is one tool at all, or `least` is 0.
 *
 * @throws a `FlowError` with code `tools_module_invalid`.
 */
export function readToolExports(exports: Readonly<Record<string, unknown>>, file: string, least: 0 | 1 = 1): Tool[] {
  const found: Tool[] = [];
  if ('tools' in exports) {
    const tools = readCollection(exports['tools'], 'tools', file);
    if (!tools) {
      throw new FlowError('tools_module_invalid', `Expected the export \`tools\` of \`${file}\` to be a list or a record of tools, got ${describeValue(exports['tools'])}`, { place: { file } });
    }
    found.push(...tools);
  } else {
    const { default: main } = exports;
    const inner = isRecord(main) && 'tools' in main && !isTool(main) ? main['tools'] : main;
    if (main !== undefined) {
      const tools = readCollection(inner, inner === main ? 'default' : 'default.tools', file);
      const single = tools ? undefined : toTool(inner, typeof inner === 'function' ? inner.name : '');
      found.push(...(tools ?? (single ? [single] : [])));
    }
    // A CommonJS module shows its record both as the default export and as named ones.
    const seen = new Set(isRecord(inner) ? Object.values(inner) : [inner]);
    for (const [name, value] of Object.entries(exports)) {
      if (name === 'default' || name === 'module.exports' || seen.has(value)) continue;
      const tool = toTool(value, name);
      if (tool) found.push(tool);
    }
  }
  if (found.length < least) {
    throw new FlowError('tools_module_invalid', `Expected \`${file}\` to export tools, found ${Object.keys(exports).length === 0 ? 'no exports' : `only ${Object.keys(exports).map(name => `\`${name}\``).join(', ')}`}. Export \`tools\`, a list or a record, a function per tool, or machines`, { place: { file } });
  }
  const byName = new Map<string, Tool>();
  for (const tool of found) {
    const other = byName.get(tool.name);
    if (other && other !== tool && other.run !== tool.run) {
      throw new FlowError('tools_module_invalid', `Expected each tool of \`${file}\` to have a name of its own, found \`${tool.name}\` twice`, { place: { file } });
    }
    byName.set(tool.name, tool);
  }
  return [...byName.values()];
}
