import type { VNode } from 'preact';
import type { StepFailure } from '../../core/failure.ts';
import type { InspectedExecution } from '../document/inspected-execution.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatBytes, formatLength, formatSince } from '../model/format.ts';
import { JsonTree } from './json-tree.tsx';
import { Section } from './section.tsx';
import { Status } from './status.tsx';

export interface StoredProps {
  readonly model: ExecutionModel;
  readonly address: string;
  readonly document: InspectedExecution;
  /** Another one: something has come. */
  readonly version: number;
}

export function Failure({ failure }: { readonly failure: StepFailure }): VNode {
  const { code, message, retryable, details } = failure;
  return <div class="failure">
    <p><code>{code}</code>{retryable && <span class="note"> may be tried again</span>}</p><p class="failure-text">{message}</p>
    {details && <JsonTree value={details} />}
  </div>;
}

export function Attempts({ model: current, address }: { readonly model: ExecutionModel; readonly address: string }): VNode | null {
  const attempts = current.listAttempts(address);
  if (attempts.length === 0) return null;
  return <Section title="Attempts" count={attempts.length}>
    <table class="grid"><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Began</th><th scope="col">Took</th></tr></thead>
      <tbody>{attempts.map(({ run, attempt, status, startedAt, endedAt, failure }) => <tr key={run}>
        <td>{run}{attempt !== run && <span class="note"> attempt {attempt}</span>}</td>
        <td><Status status={status} isBare />{failure && <span class="note attempt-failure" title={failure.message}>{failure.code}</span>}</td>
        <td>{formatSince(current, startedAt)}</td><td>{formatLength(endedAt - startedAt)}</td>
      </tr>)}</tbody></table>
  </Section>;
}

type AnArtifact = InspectedExecution['artifacts'][number];

function download({ name, text = '', contentType }: AnArtifact): void {
  const url = URL.createObjectURL(new Blob([text], { type: contentType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replaceAll('/', '_');
  link.click();
  URL.revokeObjectURL(url);
}

export function Artifact({ artifact }: { readonly artifact: AnArtifact }): VNode {
  const { name, kind, size, version, text } = artifact;
  const isBeginning = text !== undefined && text.length < size / 4;
  return <details class="artifact">
    <summary><code>{name}</code><span class="note">{kind} · {formatBytes(size)}{version > 1 && ` · version ${version}`}</span></summary>
    {text === undefined ? <p class="note">Not a text: read it with <code>flowstone artifacts</code>.</p> : <pre class="raw">{text}</pre>}
    {isBeginning && <p class="note">The beginning of it.</p>}
    {text !== undefined && !isBeginning && <button type="button" onClick={() => download(artifact)}>Download</button>}
  </details>;
}

export function ModelCall({ call }: { readonly call: InspectedExecution['interactions'][number] }): VNode {
  const { model: name, stage, status, prompt, response, totalTokens, cost, durationMs, failure } = call;
  const facts = [stage, totalTokens !== null && `${totalTokens} tokens`, cost !== null && `cost ${cost}`, durationMs !== null && formatLength(durationMs)];
  return <details class="artifact">
    <summary><code>{name}</code><Status status={status} isBare /><span class="note">{facts.filter(Boolean).join(' · ')}</span></summary>
    <h4>Prompt</h4><pre class="raw">{prompt}</pre>
    {response !== null && <><h4>Response</h4><pre class="raw">{response}</pre></>}
    {failure && <Failure failure={failure} />}
  </details>;
}
