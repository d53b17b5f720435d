import type { StoreReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { eachArtifact, openArtifact } from './read-artifacts.ts';

/**
 * What an expression finds under `steps.<id>.artifacts`: the newest contents by name. JSON is parsed, text is text, a
 * binary one is null.
 *
 * @param maxBytes of all together
 * @throws a `FlowError` with code `artifact_too_large`
 */
export async function readStepArtifacts(reader: StoreReader, executionId: string, stepId: string, maxBytes: number): Promise<{ readonly [name: string]: unknown }> {
  const found: [string, unknown][] = [];
  let left = maxBytes;
  for await (const row of eachArtifact(reader, executionId)) {
    if (row.stepId !== stepId) continue;
    const { name, version, kind, contentType } = row;
    if (kind === 'binary') {
      found.push([name, null]);
      continue;
    }
    left -= row.size;
    if (left < 0) {
      throw new FlowError('artifact_too_large', `Expected the artifacts of "${stepId}" to be at most ${maxBytes} bytes together for an expression, "${name}" is too much; have a tool read it with \`readArtifact\``);
    }
    const text = await (await openArtifact(reader, executionId, name, version)).text();
    found.push([name, isJson(contentType) ? parseJson(text) : text]);
  }
  return Object.fromEntries(found);
}

const isJson = (contentType: string): boolean => /^application\/(?:[\w.+-]+\+)?json\b/.test(contentType);

/** Raw answers of a model are called JSON before anybody has looked. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
