import type { VNode } from 'preact';
import type { InspectedExecution, InspectedText } from '../document/inspected-execution.ts';
import type { ComparedPlace } from '../model/compare.ts';
import { DifferenceTable, listDifferences } from '../panels/change.tsx';
import { Facts, Section } from '../panels/section.tsx';
import { StoredValue } from '../panels/stored-value.tsx';

/** The value of a text that is whole; undefined: it is cut, or no JSON. */
function read(text: InspectedText | undefined): { readonly value: unknown } | undefined {
  if (!text || text.text.length < text.length) return undefined;
  try {
    return { value: JSON.parse(text.text) as unknown };
  } catch {
    return undefined;
  }
}

function Values({ title, a, b }: { readonly title: string; readonly a: InspectedText | undefined; readonly b: InspectedText | undefined }): VNode | null {
  if (!a && !b) return null;
  const [one, other] = [read(a), read(b)];
  const isSame = a?.text === b?.text && a?.length === b?.length;
  const before = { value: '', context: { [title.toLowerCase()]: one?.value } };
  const after = { value: '', context: { [title.toLowerCase()]: other?.value } };
  return <Section title={title} count={isSame ? 'the same' : undefined} isOpen={!isSame}>
    {isSame ? a && <StoredValue text={a} /> : one && other ? <DifferenceTable differences={listDifferences(before, after)} />
      : <>{a && <><h4>A</h4><StoredValue text={a} /></>}{b && <><h4>B</h4><StoredValue text={b} /></>}</>}
  </Section>;
}

/** What is not the same in one step, or, when none is chosen, in the two executions. */
export function CompareDetail({ a, b, place }: { readonly a: InspectedExecution; readonly b: InspectedExecution; readonly place: ComparedPlace | undefined }): VNode {
  if (!place) {
    const [one, other] = [a.execution, b.execution];
    return <>
      <Section title="Executions"><Facts facts={[
        ['State', one.status === other.status ? one.status : `${one.status} · ${other.status}`],
        ['Score', one.score === other.score ? (one.score ?? undefined) : `${one.score ?? 'none'} · ${other.score ?? 'none'}`],
        ['Version', one.flowVersion === other.flowVersion ? one.flowVersion : `${one.flowVersion} · ${other.flowVersion}`],
        ['Definition', one.digest === other.digest ? 'the same' : 'another'],
      ]} /></Section>
      <Values title="Input" a={one.input} b={other.input} />
    </>;
  }
  const { address, a: left, b: right } = place;
  const failures = [left?.failure, right?.failure].map(failure => (failure ? `${failure.code}: ${failure.message}` : 'none'));
  return <>
    {failures[0] !== failures[1] && <Section title={`Failure of ${address}`}><Facts facts={[['A', failures[0]], ['B', failures[1]]]} /></Section>}
    <Values title="Output" a={left?.output} b={right?.output} />
    <Values title="Input" a={left?.input} b={right?.input} />
  </>;
}
