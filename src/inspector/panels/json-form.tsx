import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';

/** A JSON Schema, as far as a form is made of it. */
export interface FormSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, FormSchema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

export type Entered = { readonly value: unknown } | { readonly problem: string };

interface FieldProps {
  readonly name: string;
  readonly schema: FormSchema;
  readonly value: unknown;
  readonly isRequired: boolean;
  readonly change: (entered: Entered) => void;
}

/** Any JSON value, as text. */
export function JsonField({ label, initial, change }: { readonly label: string; readonly initial: unknown; readonly change: (entered: Entered) => void }): VNode {
  const text = useSignal(initial === undefined ? '' : JSON.stringify(initial, null, 2));
  const problem = useSignal('');
  const read = (next: string): void => {
    text.value = next;
    try {
      const value: unknown = next.trim() === '' ? undefined : JSON.parse(next);
      problem.value = '';
      change({ value });
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
      change({ problem: problem.value });
    }
  };
  return <label class="field"><span>{label}</span>
    <textarea rows={Math.min(10, Math.max(2, text.value.split('\n').length))} spellcheck={false} value={text.value} aria-invalid={problem.value !== ''} onInput={event => read(event.currentTarget.value)} />
    {problem.value !== '' && <span class="field-problem" role="alert">{problem.value}</span>}
  </label>;
}

function Field({ name, schema, value, isRequired, change }: FieldProps): VNode {
  const label = `${name}${isRequired ? '' : ' (optional)'}`;
  const about = schema.description && <small class="note">{schema.description}</small>;
  if (schema.enum) {
    return <label class="field"><span>{label}</span><select value={schema.enum.indexOf(value)} onChange={event => change({ value: schema.enum?.[Number(event.currentTarget.value)] })}>
      {!isRequired && <option value={-1}>none</option>}{schema.enum.map((one, place) => <option key={place} value={place}>{String(one)}</option>)}
    </select>{about}</label>;
  }
  if (schema.type === 'boolean') return <label class="field is-inline"><input type="checkbox" checked={value === true} onChange={event => change({ value: event.currentTarget.checked })} /><span>{label}</span>{about}</label>;
  if (schema.type === 'number' || schema.type === 'integer') {
    return <label class="field"><span>{label}</span><input type="number" step={schema.type === 'integer' ? 1 : 'any'} value={value === undefined ? '' : String(value)} onInput={event => change(event.currentTarget.value === '' ? { value: undefined } : { value: event.currentTarget.valueAsNumber })} />{about}</label>;
  }
  if (schema.type === 'string') return <label class="field"><span>{label}</span><input type="text" value={value === undefined ? '' : String(value)} onInput={event => change({ value: event.currentTarget.value === '' && !isRequired ? undefined : event.currentTarget.value })} />{about}</label>;
  return <JsonField label={`${label}, JSON`} initial={value} change={change} />;
}

/** What a schema gives where nothing was entered. */
export function toInitial(schema: FormSchema | null, given?: unknown): unknown {
  if (given !== undefined) return given;
  if (!schema) return {};
  if (schema.default !== undefined) return schema.default;
  if (!schema.properties) return schema.type === 'object' ? {} : undefined;
  const members = Object.entries(schema.properties).map(([name, one]) => [name, one.default ?? (schema.required?.includes(name) ? (one.type === 'string' ? '' : one.enum?.[0]) : undefined)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** A form made of a JSON Schema: a field for each member of an object; a text of JSON for anything else. */
export function JsonForm({ schema, initial, change }: { readonly schema: FormSchema | null; readonly initial: unknown; readonly change: (entered: Entered) => void }): VNode {
  const values = useSignal<Record<string, unknown>>(typeof initial === 'object' && initial !== null ? { ...initial } : {});
  const problems = useSignal<Record<string, string>>({});
  useEffect(() => change({ value: initial }), []);
  if (!schema?.properties) return <JsonField label="JSON" initial={initial} change={change} />;
  return <div class="form">{Object.entries(schema.properties).map(([name, one]) => <Field key={name} name={name} schema={one} value={values.value[name]} isRequired={schema.required?.includes(name) ?? false} change={entered => {
    if ('problem' in entered) {
      problems.value = { ...problems.value, [name]: entered.problem };
      change({ problem: `${name}: ${entered.problem}` });
      return;
    }
    const { [name]: _solved, ...left } = problems.value;
    problems.value = left;
    const { [name]: _before, ...others } = values.value;
    values.value = entered.value === undefined ? others : { ...others, [name]: entered.value };
    const [first] = Object.entries(left);
    change(first ? { problem: `${first[0]}: ${first[1]}` } : { value: values.value });
  }} />)}</div>;
}
