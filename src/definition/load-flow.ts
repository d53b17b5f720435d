import { FlowError } from '../core/errors.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { ParseFlowOptions } from './parse.ts';
import { definitionTooLarge, maxDefinitionBytes, parseFlow } from './parse.ts';
import type { FlowDefinition } from './schema.ts';

const reasons: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
};

/**
 * Reads a flow from a YAML or JSON file and checks it.
 *
 * The file may have at most 4 MiB; a larger one is not read.
 *
 * @throws a `FlowError` with code `definition_unreadable`, `definition_too_large` or `definition_invalid`
 */
export async function loadFlow(file: string, options: Pick<ParseFlowOptions, 'tools' | 'machines'> = {}): Promise<FlowDefinition> {
  requireKnownKeys(options, { tools: true, machines: true }, '`loadFlow`');
  const text = await readDefinition(file);
  return parseFlow(text, { ...options, file });
}

/** Reads the text of a definition, at most 4 MiB of UTF-8. */
export async function readDefinition(file: string): Promise<string> {
  try {
    const { open } = await import('node:fs/promises');
    await using handle = await open(file, 'r');
    const stats = await handle.stat();
    if (stats.size > maxDefinitionBytes) throw definitionTooLarge(file, stats.size);
    // One byte more than is allowed: the size of a pipe or device is not known beforehand.
    const buffer = Buffer.alloc(maxDefinitionBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > maxDefinitionBytes) throw definitionTooLarge(file, length);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof FlowError) throw error;
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): FlowError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : (reasons[code] ?? String(cause));
  return new FlowError('definition_unreadable', `Expected \`${file}\` to be a flow's file, got none: ${reason}`, { place: { file }, cause });
}
