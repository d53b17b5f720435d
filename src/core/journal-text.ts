import { quoteText } from './json-text.ts';

/** A transition as the journal keeps it: address below the flow, event, state reached (null: recorded and ignored). */
export type JournalEntry = readonly [address: string, event: { readonly type: string }, state: string | null];

type Fields = { readonly [name: string]: unknown };

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
export function writeEntries(entries: readonly JournalEntry[]): string {
  let text = '';
  for (const entry of entries) text += `${text === '' ? '' : ','}${writeEntry(entry)}`;
  return `[${text}]`;
}

/** Fields that are usual of a type, in the order in which they are read. */
const usualNames = new Map(Object.entries(usual).map(([type, { fields = {}, often = {} }]) => [type, [...Object.keys(fields), ...Object.keys(often)]]));

/** By hand: most entries are an address and a type. */
function writeEntry(entry: JournalEntry): string {
  const [address, event, state] = entry;
  const { type } = event;
  const known = usual[type];
  const names = usualNames.get(type);
  if (!known || !names) return JSON.stringify(entry);
  const { fields, often } = known;
  // What is left out is there again when it is read: it has to have been there.
  for (const name in fields) if ((event as Fields)[name] === undefined) return JSON.stringify(entry);
  for (const name in often) if ((event as Fields)[name] === null) return JSON.stringify(entry);
  let rest: { [name: string]: unknown } | undefined;
  let last = -1;
  for (const name in event) {
    if (name === 'type') continue;
    // Those that are usual come first, in their order: that is the order in which they are read.
    const at = names.indexOf(name);
    const place = at === -1 ? names.length : at;
    if (place < last) return JSON.stringify(entry);
    last = place;
    const value = (event as Fields)[name];
    if (value !== undefined && value !== (fields?.[name] ?? often?.[name])) (rest ??= {})[name] = value;
  }
  for (const name in often) if ((event as Fields)[name] === undefined) (rest ??= {})[name] = null;
  const unusual = rest ? `,${JSON.stringify(rest)}` : '';
  return `[${quoteText(address)},"${type}"${unusual}${state === known.state ? '' : `,${JSON.stringify(state)}`}]`;
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
