/** Gives each id a node name that Mermaid accepts and that nobody else has. */
export function nameNodes(ids: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const id of ids) {
    const base = `s_${id.replace(/[^A-Za-z0-9]+/g, '_')}`;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    names.set(id, name);
  }
  return names;
}
