/** What is read of an element of a document. */
export interface Xml {
  readonly localName: string;
  readonly textContent: string | null;
  readonly children: Iterable<Xml> & { readonly length: number };
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
}

export const listChildren = (element: Pick<Xml, 'children'>, ...names: readonly string[]): Xml[] =>
  [...element.children].filter(child => names.length === 0 || names.includes(child.localName));

/** The elements of a name below one, without those of documents inside. */
export function listBelow(element: Xml, name: string): Xml[] {
  return listChildren(element).flatMap(child => (child.localName === 'scxml' ? [] : [...(child.localName === name ? [child] : []), ...listBelow(child, name)]));
}
