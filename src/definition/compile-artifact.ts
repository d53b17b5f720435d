import { contentTypes, guessKind } from '../core/artifact-kind.ts';
import { compileCondition, compileValue, type ListUpstream } from './compile-value.ts';
import type { PlannedArtifact } from './plan.ts';
import type { StepDefinition } from './schema.ts';
import type { TemplateCache } from './template.ts';

type ArtifactDefinition = NonNullable<StepDefinition['artifacts']>[number];

/** Compiles a declared artifact: its name and file are texts, `from` is one expression. */
export function compileArtifact({ name, content_type: contentType, from, file, ...given }: ArtifactDefinition, cache: TemplateCache, listUpstream: ListUpstream): PlannedArtifact {
  const kind = given.kind ?? guessKind(name, 'text');
  return {
    name: compileValue(name, cache, listUpstream),
    kind,
    contentType: contentType ?? contentTypes[kind],
    from: compileCondition(from, cache, listUpstream),
    file: file === undefined ? null : file === false ? false : compileValue(file, cache, listUpstream),
  };
}
