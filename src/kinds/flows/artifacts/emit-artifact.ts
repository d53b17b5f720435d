import { contentTypes, artifactKinds, guessKind } from '../../../core/artifact-kind.ts';
import { requireArtifactName } from '../../../core/artifact-name.ts';
import { FlowError } from '../../../core/errors.ts';
import { describeValue } from '../../../core/wording.ts';
import type { ArtifactInfo, ArtifactOptions, ArtifactSource } from './artifact.ts';
import type { ArtifactKeeper, Writing } from './artifact-keeper.ts';
import type { Draft, Origin } from './artifact-ledger.ts';
import { cutContent, cutStream, isStream, tooLarge } from './content-pieces.ts';

/** Stores an artifact while its step runs: a small one in one commit, a stream piece by piece, a commit each. */
export async function emitArtifact(keeper: ArtifactKeeper, origin: Origin, name: string, source: ArtifactSource, options: ArtifactOptions, maxBytes: number): Promise<ArtifactInfo> {
  const named = toNamed(name, source, options);
  if (!isStream(source)) {
    const { pieces, size, sha256 } = cutContent(source);
    if (size > maxBytes) throw tooLarge(maxBytes, size);
    return keeper.put(origin, { draft: { ...named, size, sha256, pieces: pieces.length }, pieces });
  }
  const writing: Writing = {};
  try {
    const { count, size, sha256 } = await cutStream(source, maxBytes, (piece, number) => keeper.putPiece(origin, writing, number, piece));
    return await keeper.put(origin, { draft: { ...named, size, sha256, pieces: count }, writing });
  } catch (error) {
    keeper.discard(origin, writing);
    throw error;
  }
}

function toNamed(given: string, source: ArtifactSource, { kind, contentType, file }: ArtifactOptions): Pick<Draft, 'name' | 'kind' | 'contentType' | 'file'> {
  const name = requireArtifactName(given);
  const chosen = kind ?? guessKind(name, typeof source === 'string' ? 'text' : 'binary');
  if (!artifactKinds.includes(chosen)) throw new FlowError('artifact_content_invalid', `Expected the kind of "${name}" to be one of ${artifactKinds.join(', ')}, got ${describeValue(kind)}`);
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+(?:\s*;[^\r\n]*)?$/.test(contentType)) {
    throw new FlowError('artifact_content_invalid', `Expected the content type of "${name}" to be a media type such as \`text/plain\`, got ${describeValue(contentType)}`);
  }
  return { name, kind: chosen, contentType: contentType ?? contentTypes[chosen], file: file === false ? null : requireArtifactName(file ?? name, 'The file of an artifact') };
}
