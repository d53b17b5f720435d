import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';

/** Members shown before more are asked for. */
const pageSize = 200;
/** Levels that are open at first, of what is small. */
const openAtFirst = 2;
const smallSize = 24;
const longText = 400;

function Leaf({ value }: { readonly value: unknown }): VNode {
  const isOpen = useSignal(false);
  if (typeof value !== 'string') return <span class={`json-${value === null ? 'null' : typeof value}`}>{String(value)}</span>;
  const isLong = value.length > longText;
  const shown = isLong && !isOpen.value ? `${value.slice(0, longText)}…` : value;
  return <span class="json-string">{JSON.stringify(shown)}{isLong && <button type="button" class="link" onClick={() => void (isOpen.value = !isOpen.value)}>{isOpen.value ? 'less' : `all ${value.length} characters`}</button>}</span>;
}

const summarise = (value: object): string => (Array.isArray(value) ? `[${value.length}]` : `{${Object.keys(value).length}}`);

/** One member and what is in it; that is made when it is opened. */
function Member({ name, value, depth }: { readonly name: string | null; readonly value: unknown; readonly depth: number }): VNode {
  const label = name !== null && <span class="json-name">{name}</span>;
  const isBranch = typeof value === 'object' && value !== null;
  const size = isBranch ? (Array.isArray(value) ? value.length : Object.keys(value).length) : 0;
  const isOpen = useSignal(depth < openAtFirst && size <= smallSize);
  const shown = useSignal(pageSize);
  if (!isBranch || size === 0) return <div class="json-row">{label}{isBranch ? <span class="json-null">{Array.isArray(value) ? '[]' : '{}'}</span> : <Leaf value={value} />}</div>;
  // A list's places are its names.
  const names = Object.keys(value);
  return <details class="json-branch" open={isOpen.value} onToggle={event => void (isOpen.value = event.currentTarget.open)}>
    <summary class="json-row">{label}<span class="json-size">{summarise(value)}</span></summary>
    {isOpen.value && <div class="json-members">
      {names.slice(0, shown.value).map(member => <Member key={member} name={member} value={(value as Record<string, unknown>)[member]} depth={depth + 1} />)}
      {names.length > shown.value && <button type="button" class="link" onClick={() => void (shown.value += pageSize)}>{names.length - shown.value} more</button>}
    </div>}
  </details>;
}

/** A JSON value as a tree of which only what is open is made. */
export function JsonTree({ value }: { readonly value: unknown }): VNode {
  return <div class="json"><Member name={null} value={value} depth={0} /></div>;
}
