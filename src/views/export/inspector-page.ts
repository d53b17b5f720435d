import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageFolder } from '../../core/entry-file.ts';
import { FlowError } from '../../core/errors.ts';
import { createRedactor } from '../../core/redact.ts';
import { readInspectedExecution } from '../../inspector/document/read-execution.ts';
import { escapeHtml } from '../report/escape-html.ts';
import type { ExportSource } from './export-source.ts';

/** The page without an execution: one script, one style sheet. */
export interface InspectorFiles {
  readonly script: string;
  readonly style: string;
}

/**
 * Reads the page that `npm run build` has made.
 *
 * @throws a `FlowError` with code `inspector_missing`
 */
export function readInspectorFiles(folder = join(findPackageFolder() ?? '.', 'dist', 'inspector')): InspectorFiles {
  const [script, style] = [join(folder, 'file.js'), join(folder, 'file.css')];
  if (!existsSync(script) || !existsSync(style)) throw new FlowError('inspector_missing', `Expected the inspector's page in ${folder}, found none. It is in the package; in a checkout \`npm run build\` makes it`);
  return { script: readFileSync(script, 'utf8'), style: readFileSync(style, 'utf8') };
}

const toHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Text that may stand in a script element: nothing in it ends the element. */
const toScriptText = (code: string): string => code.replaceAll(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');

/** JSON that may stand in an element. */
const toDataText = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * Writes the inspector's page with one execution in it, as one file that needs no server and makes no request.
 *
 * @param secrets texts that are taken out, beside keys of well-known forms
 */
export async function* renderInspectorPage({ reader, plan, record }: ExportSource, files: InspectorFiles, secrets: readonly string[] = []): AsyncGenerator<string> {
  const execution = await readInspectedExecution(reader, plan, record, { redact: createRedactor(secrets) });
  const script = toScriptText(files.script);
  const { style } = files;
  const policy = `default-src 'none'; script-src ${toHash(script)}; style-src ${toHash(style)}; base-uri 'none'; form-action 'none'`;
  yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">\n<meta name="referrer" content="no-referrer">\n`;
  yield `<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>${escapeHtml(record.flowId)} ${escapeHtml(record.executionId)}</title>\n<style>${style}</style>\n`;
  yield '<script type="application/json" id="execution">';
  yield toDataText(execution);
  yield `</script>\n<script type="module">${script}</script>\n</head>\n<body></body>\n</html>\n`;
}
