import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { InspectedText } from '../document/inspected-execution.ts';
import { wire } from '../live/stepping.ts';
import { formatBytes } from '../model/format.ts';
import { JsonTree } from './json-tree.tsx';

/** Where a value of the execution is, as the method `value` takes it. */
export interface ValuePlace {
  readonly executionId: string;
  readonly generation: number;
  readonly of: 'input' | 'output' | 'stepInput';
  readonly step?: string;
  readonly item?: number;
}

/** Characters of one answer, and of a value that is read whole. */
const [pieceLength, maxLength] = [1_048_576, 33_554_432];

interface Piece {
  readonly json: string;
  readonly length: number;
}

/** A value that was cut: its beginning, and the rest when it is asked for. */
export function CutValue({ text, place }: { readonly text: InspectedText; readonly place: ValuePlace | undefined }): VNode {
  const whole = useSignal<{ readonly value: unknown } | undefined>(undefined);
  const read = useSignal<number | undefined>(undefined);
  const problem = useSignal('');
  const connection = wire.value;
  if (whole.value) return <JsonTree value={whole.value.value} />;
  const load = async (): Promise<void> => {
    let json = '';
    problem.value = '';
    try {
      for (let length = 1; json.length < length;) {
        read.value = json.length;
        const piece = (await connection?.request('value', { ...place, offset: json.length, limit: pieceLength })) as Piece;
        length = piece.length;
        json += piece.json;
        if (piece.json === '') throw new Error('The value has changed meanwhile');
      }
      whole.value = { value: JSON.parse(json) as unknown };
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    read.value = undefined;
  };
  const mayLoad = connection && place && text.length <= maxLength;
  return <div>
    <p class="note">The first {formatBytes(text.text.length)} of {formatBytes(text.length)}{' '}
      {mayLoad && <button type="button" class="link" disabled={read.value !== undefined} onClick={() => void load()}>{read.value === undefined ? 'Read all of it' : `${formatBytes(read.value)} read …`}</button>}</p>
    {problem.value !== '' && <p class="alert">{problem.value}</p>}
    <pre class="raw">{text.text}</pre>
  </div>;
}
