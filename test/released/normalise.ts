const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** A worker of this process is named after it. */
const worker = /\blocal:\d+/g;
/** Fields that hold a time, a length of time, or figures of these. */
const timed = /^(?:at|throughput|.*(?:At|Ms|Until))$/;

export interface NormaliseOptions {
  /** Written as `<folder>`. */
  readonly folder: string;
  /** Written as `<package>`. */
  readonly root: string;
  /** Whether times are of a real clock, and differ from run to run. */
  readonly realTime: boolean;
}

/**
 * Makes documents of two runs comparable as values: ids are numbered in the order in which they appear, folders are named, and
 * of a run by a real clock times are left out. With a simulated clock times stay, since they have to be the same.
 */
export function createNormaliser({ folder, root, realTime }: NormaliseOptions): (document: unknown) => unknown {
  const ids = new Map<string, string>();
  const toId = (id: string): string => {
    const known = ids.get(id) ?? `<id ${ids.size + 1}>`;
    ids.set(id, known);
    return known;
  };
  const normaliseText = (text: string): string => {
    const plain = text.replaceAll(uuid, toId).replaceAll(folder, '<folder>').replaceAll(root, '<package>').replaceAll(worker, 'local:<pid>');
    return realTime ? plain.replaceAll(isoTime, '<time>') : plain;
  };
  const normalise = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return normaliseText(value);
    if (typeof value === 'number' && realTime && timed.test(key)) return '<time>';
    if (Array.isArray(value)) return value.map(item => normalise(item));
    if (typeof value !== 'object' || value === null) return value;
    const inherited = timed.test(key) ? key : undefined;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [normaliseText(name), name === 'pid' ? '<pid>' : normalise(field, inherited ?? name)]));
  };
  // Through JSON: a document is what a caller can store or send. What JSON leaves out (`undefined`) is no difference.
  return document => (document === undefined ? null : normalise(JSON.parse(JSON.stringify(document))));
}
