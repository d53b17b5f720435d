import type { ArtifactRecord } from '../../../../persistence/artifact-store.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import { toLocalAddress } from '../../../core/address.ts';
import { eachArtifact, openArtifact } from './read-artifacts.ts';

/**
 * The newest versions of what steps have made, as a step of this generation sees them.
 *
 * Of a step that was run again, nothing that only an earlier generation made; of one that was kept, what it made then.
 */
export async function* eachOfSteps(reader: RecordReader, executionKey: number, executionId: string, stepIds: ReadonlySet<string>): AsyncGenerator<ArtifactRecord> {
  // By item, too: those of a list can be of different generations.
  const keys = new Map<string, number>();
  for (const { stepId, item, originKey } of await reader.listSteps(executionKey)) if (stepIds.has(stepId)) keys.set(toLocalAddress(stepId, item), originKey ?? executionKey);
  for await (const row of eachArtifact(reader, executionId)) {
    if (stepIds.has(row.stepId) && row.executionKey === keys.get(toLocalAddress(row.stepId, row.item))) yield row;
  }
}

/**
 * What an expression finds under `steps.<id>.artifacts`: the newest contents by name. JSON is parsed, text is text, a
 * binary one is null.
 *
 * @param maxBytes of all together
 * @throws a `FlowError` with code `artifact_too_large`
 */
export async function readStepArtifacts(reader: RecordReader, executionKey: number, executionId: string, stepId: string, maxBytes: number): Promise<{ readonly [name: string]: unknown }> {
  const found: [string, unknown][] = [];
  let left = maxBytes;
  for await (const row of eachOfSteps(reader, executionKey, executionId, new Set([stepId]))) {
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
