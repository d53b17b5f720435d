/** What an artifact is: a model's answer as it came, data made of it, or a document for people. */
export const artifactKinds = ['raw', 'clean', 'markdown', 'html', 'csv', 'text', 'binary'] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

/** What an artifact of a kind is taken for when its content type is not said. */
export const contentTypes: { readonly [Kind in ArtifactKind]: string } = {
  raw: 'application/json',
  clean: 'application/json',
  markdown: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  binary: 'application/octet-stream',
};

const kindsByExtension: { readonly [extension: string]: ArtifactKind } = { md: 'markdown', markdown: 'markdown', html: 'html', htm: 'html', csv: 'csv', json: 'clean', txt: 'text' };

/** What a name says about the kind; `otherwise` when its extension says nothing. */
export function guessKind(name: string, otherwise: ArtifactKind): ArtifactKind {
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(kindsByExtension, extension) ? (kindsByExtension[extension] as ArtifactKind) : otherwise;
}
