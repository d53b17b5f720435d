import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Purify {
  sanitize: (text: string) => string;
  addHook: () => void;
}

const require = createRequire(import.meta.url);
const core = require.resolve('mermaid');
const purifyFile = join(dirname(createRequire(core).resolve('dompurify')), 'purify.es.mjs');

// Mermaid cleans the texts of a diagram it has parsed, for which DOMPurify wants a browser. What is asked for here is the
// parser's opinion, so the texts stay as they are.
const { default: purify } = (await import(pathToFileURL(purifyFile).href)) as { default: Purify };
purify.sanitize = text => text;
purify.addHook = () => {};

const { default: mermaid } = (await import(pathToFileURL(core).href)) as { default: { parse(text: string): Promise<{ diagramType: string }> } };

/** Reads a diagram with Mermaid's own parser. Returns its type; rejects with what is wrong with it. */
export async function parseMermaid(diagram: string): Promise<string> {
  const { diagramType } = await mermaid.parse(diagram);
  return diagramType;
}
