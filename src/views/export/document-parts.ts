import type { ExportEntry } from './export-entries.ts';

/** A piece of the one document that an export adds up to: a member of it, or one element of a member that is a list. */
export type DocumentPart = { readonly key: string; readonly value: unknown } | { readonly key: string; readonly element: unknown };

/** The members that follow the head, in the order in which their entries come, and what they are without any. */
const members = [
  { key: 'steps', type: 'step', empty: [] },
  { key: 'transitions', type: 'transition', empty: [] },
  { key: 'consolidated', type: 'consolidated', empty: null },
  { key: 'artifacts', type: 'artifact', empty: [] },
] as const;

/** Takes the entries of an export for the parts of a document, in its order, one at a time. */
export async function* toDocumentParts(entries: AsyncIterable<ExportEntry>): AsyncGenerator<DocumentPart> {
  let at = 0;
  let isEmpty = true;
  for await (const entry of entries) {
    if (entry.type === 'export') {
      const { format, version, execution } = entry;
      for (const [key, value] of Object.entries({ format, version, execution })) yield { key, value };
    } else if (entry.type === 'definition') {
      yield { key: 'definition', value: entry.definition };
    } else {
      for (; at < members.length && members[at]?.type !== entry.type; at++, isEmpty = true) if (isEmpty) yield toEmpty(at);
      if (entry.type === 'end') return;
      isEmpty = false;
      const { type, ...value } = entry;
      const { key = '' } = members[at] ?? {};
      yield type === 'consolidated' ? { key, value } : { key, element: value };
    }
  }
}

function toEmpty(at: number): DocumentPart {
  const { key = '', empty: value = null } = members[at] ?? {};
  return { key, value };
}
