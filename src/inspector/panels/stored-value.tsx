import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { InspectedText } from '../document/inspected-execution.ts';
import { CutValue, type ValuePlace } from './cut-value.tsx';
import { JsonTree } from './json-tree.tsx';

function read(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // Shown as the text it is.
    return undefined;
  }
}

/** A stored value: a tree; of one that was cut the beginning. @param place where the rest of it is asked for */
export function StoredValue({ text, place }: { readonly text: InspectedText; readonly place?: ValuePlace | undefined }): VNode {
  const isCut = text.text.length < text.length;
  const known = useMemo(() => (isCut ? undefined : read(text.text)), [text.text, isCut]);
  if (isCut) return <CutValue text={text} place={place} />;
  return known ? <JsonTree value={known.value} /> : <pre class="raw">{text.text}</pre>;
}
