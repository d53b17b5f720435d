import { requireArtifactName } from '../../../core/artifact-name.ts';
import { FlowError } from '../../../core/errors.ts';
import { describeValue } from '../../../core/wording.ts';
import type { ExpressionScope, PlannedArtifact, PlannedStep, RecordedValues } from '../../../definition/plan.ts';
import type { Filled } from './artifact-keeper.ts';
import { cutContent, tooLarge } from './content-pieces.ts';

/**
 * Makes the artifacts a step declares, out of its output.
 *
 * @throws a `FlowError` when an expression fails, or when what it gives can be no name or content
 */
export async function makeDeclared(step: PlannedStep, scope: ExpressionScope, recorded: RecordedValues, maxBytes: number): Promise<Filled[]> {
  const made: Filled[] = [];
  for (const artifact of step.artifacts) {
    const name = requireArtifactName(await artifact.name.evaluate(scope, recorded));
    const value = await artifact.from.evaluate(scope, recorded);
    const { pieces, size, sha256 } = cutContent(toContent(step, artifact, name, value));
    if (size > maxBytes) throw tooLarge(maxBytes, size);
    const file = artifact.file === false ? null : artifact.file === null ? name : requireArtifactName(await artifact.file.evaluate(scope, recorded), 'The file of an artifact');
    const { kind, contentType } = artifact;
    made.push({ draft: { name, kind, contentType, file, size, sha256, pieces: pieces.length }, pieces });
  }
  return made;
}

/** A text is its own content; any other value is written as JSON. A binary one is given as base64. */
function toContent(step: PlannedStep, { kind }: PlannedArtifact, name: string, value: unknown): string | Uint8Array {
  const refuse = (expected: string): never => {
    throw new FlowError('artifact_content_invalid', `Expected \`from\` of the artifact "${name}" of the step "${step.id}" to give ${expected}, got ${describeValue(value)}`);
  };
  if (value === null || value === undefined) return refuse('a content');
  if (kind === 'binary') {
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return refuse('bytes as base64');
    return Buffer.from(value, 'base64');
  }
  if (typeof value === 'string') return value;
  return `${JSON.stringify(value, null, 2)}\n`;
}
