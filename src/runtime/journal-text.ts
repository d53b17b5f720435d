import type { JournalEntry } from './changes.ts';

type Event = JournalEntry[1];

interface Usual {
  readonly state: string;
  /** What every event of the type has, with the value that nearly all have. */
  readonly fields?: { readonly [name: string]: unknown };
  /** What most events of the type have; null in the text: this one has it not. */
  readonly often?: { readonly [name: string]: number };
}

/** What nearly every entry of a type says: it is left out of the text. */
const usual: { readonly [type: string]: Usual } = {
  'flow.start': { state: 'stepping' },
  'step.start': { state: 'running' },
  'attempt.completed': { state: 'completed', fields: { run: 1 } },
  'step.settled': { state: 'stepping', fields: { status: 'completed' }, often: { ready: 1, freed: 1 } },
  'item.settled': { state: 'running' },
  'slot.freed': { state: 'stepping', often: { freed: 1 } },
};

/**
 * The entries of a row as JSON text: `[address, event, state]` each, and in place of a usual one
 * `[address, type, what is not usual of the event?, state if it is not the usual one?]`.
 */
export const writeEntries = (entries: readonly JournalEntry[]): string => JSON.stringify(entries.map(shorten));

function shorten(entry: JournalEntry): readonly unknown[] {
  const [address, event, state] = entry;
  const { type, ...given } = event as Event & { [name: string]: unknown };
  const known = usual[type];
  if (!known) return entry;
  const { fields = {}, often = {} } = known;
  if (!isInOrder(Object.keys(given), [...Object.keys(fields), ...Object.keys(often)])) return entry;
  // What is left out is there again when it is read: it has to have been there.
  for (const name in fields) {
    if (given[name] === undefined) return entry;
    if (given[name] === fields[name]) delete given[name];
  }
  for (const name in often) {
    if (given[name] === null) return entry;
    if (given[name] === often[name]) delete given[name];
    else given[name] ??= null;
  }
  const rest = Object.keys(given).some(name => given[name] !== undefined) ? [given] : [];
  return [address, type, ...rest, ...(state === known.state ? [] : [state])];
}

/** Whether those that are usual come first, in their order: that is the order in which they are read. */
function isInOrder(names: readonly string[], usualNames: readonly string[]): boolean {
  const places = names.map(name => usualNames.indexOf(name)).map(place => (place === -1 ? usualNames.length : place));
  return places.every((place, index) => index === 0 || place >= (places[index - 1] as number));
}

/** The inverse, of a text that was parsed; entries of earlier versions are all of the long form. */
export const readEntries = (entries: readonly (readonly unknown[])[]): JournalEntry[] => entries.map(lengthen);

function lengthen(entry: readonly unknown[]): JournalEntry {
  const [address, type, ...parts] = entry as readonly [string, unknown, ...unknown[]];
  if (typeof type !== 'string') return entry as unknown as JournalEntry;
  const [first] = parts;
  const rest = typeof first === 'object' && first !== null ? (parts.shift() as { readonly [name: string]: unknown }) : {};
  const { state = null, fields = {}, often = {} } = usual[type] ?? {};
  const event: { type: string; [name: string]: unknown } = { type, ...fields, ...often, ...rest };
  for (const name in often) if (event[name] === null) delete event[name];
  return [address, event, parts.length > 0 ? (parts[0] as string | null) : state];
}
