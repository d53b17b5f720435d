/*
 * Tools of planning-pipeline.yml, and a stand-in for the language model they ask.
 *
 * Everything is derived from the contents of the documents upstream: the same input gives the same plan, byte for byte, on any
 * machine, and a document that changes changes everything downstream. Set PLANNING_TASK_MS to have every call of the model
 * take that long.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelAnswer, ModelClient, ToolCall } from 'flowstone';

type Form = 'json' | 'markdown' | 'html' | 'csv';

interface DraftInput {
  /** The documents to make, by their key in the output, and what each is. */
  readonly makes: { readonly [key: string]: Form };
  /** File name of what is made for each single item, with `{}` for its number. */
  readonly each?: string;
}

/** A document upstream. */
interface Source {
  readonly name: string;
  readonly text: string;
}

interface Draft {
  readonly title: string;
  readonly summary: string;
  readonly points: readonly { readonly heading: string; readonly text: string }[];
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const words = (
  'site budget permit schedule supplier contract audit risk scope team training quality safety energy storage grid panel road water soil ' +
  'survey design review board sponsor partner user market price insurance warranty logistics customs weather season community school hospital ' +
  'report baseline milestone decision scenario option lever assumption measure threshold reserve forecast'
).split(' ');

/** Sentences that follow from a seed. */
function write(seed: string, sentences: number): string {
  const list: string[] = [];
  for (let sentence = 0; sentence < sentences; sentence++) {
    const digest = Buffer.from(hash(`${seed}/${sentence}`), 'hex');
    const picked = [...digest.subarray(0, 7 + ((digest[31] ?? 0) % 6))].map(byte => words[byte % words.length] ?? '');
    const [first = '', ...rest] = picked;
    list.push(`${first.charAt(0).toUpperCase()}${first.slice(1)} ${rest.join(' ')}.`);
  }
  return list.join(' ');
}

/** `IdentifyRisksTask` as a title. */
const toTitle = (stepId: string): string => stepId.replace(/Task$/, '').replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ');

function draft(prompt: string): Draft {
  const [title = ''] = prompt.split('\n');
  const seed = hash(prompt);
  const points = Array.from({ length: 4 }, (_, index) => ({ heading: write(`${seed}#${index}`, 1).slice(0, -1).split(' ').slice(0, 3).join(' '), text: write(`${seed}:${index}`, 4) }));
  return { title, summary: write(seed, 3), points };
}

/** Answers by the prompt alone, whichever model is asked. A real one is given to `createRuntime`, or exported here in its place. */
export const models: ModelClient = {
  async generate({ prompt, signal }): Promise<ModelAnswer> {
    const taskMs = Number(process.env['PLANNING_TASK_MS'] ?? 0);
    if (taskMs > 0) await sleep(taskMs, undefined, { signal });
    const text = JSON.stringify(draft(prompt));
    const inputTokens = Math.ceil(prompt.length / 4);
    const outputTokens = Math.ceil(text.length / 4);
    return { text, inputTokens, outputTokens, cost: (inputTokens + 4 * outputTokens) / 1_000_000 };
  },
};

/** What the steps in `depends_on` have made, by name. */
async function readSources({ artifacts, readArtifact }: ToolCall<DraftInput>): Promise<Source[]> {
  const sources: Source[] = [];
  for (const { name } of await artifacts({ upstream: true })) sources.push({ name, text: await (await readArtifact(name)).text() });
  return sources;
}

/** The task and an extract of every document: enough to see which they are, and to notice any change in them. */
function toPrompt(stepId: string, sources: readonly Source[]): string {
  const lines = sources.map(({ name, text }) => `- ${name} (${hash(text).slice(0, 12)}): ${text.replaceAll(/\s+/g, ' ').slice(0, 160)}`);
  return [toTitle(stepId), '', 'Write it on the basis of:', ...lines].join('\n');
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const forms: { readonly [Name in Form]: (made: Draft, key: string, sources: readonly Source[]) => unknown } = {
  json: (made, key, sources) => ({ key, ...made, sources: sources.map(({ name, text }) => ({ name, sha256: hash(text) })) }),
  markdown: ({ title, summary, points }, _key, sources) =>
    [`# ${title}`, '', summary, '', ...points.flatMap(({ heading, text }) => [`## ${heading}`, '', text, '']), `Based on ${sources.map(({ name }) => name).join(', ') || 'nothing'}.`, ''].join('\n'),
  html: ({ title, summary, points }, _key, sources) =>
    [
      '<!doctype html>', '<html lang="en">', '<meta charset="utf-8">', `<title>${escape(title)}</title>`, `<h1>${escape(title)}</h1>`, `<p>${escape(summary)}</p>`,
      ...points.map(({ heading, text }) => `<h2>${escape(heading)}</h2>\n<p>${escape(text)}</p>`),
      ...sources.map(({ name, text }) => `<details><summary>${escape(name)}</summary>\n<pre>${escape(text)}</pre></details>`),
      '</html>', '',
    ].join('\n'),
  csv: ({ points }, key) => ['id,key,heading,days', ...points.map(({ heading, text }, index) => `${index + 1},${key},${heading},${(text.length % 20) + 1}`), ''].join('\n'),
};

function make(input: DraftInput, made: Draft, sources: readonly Source[]): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(input.makes).map(([key, form]) => [key, forms[form](made, key, sources)]));
}

/** Asks a model for one document, in several forms. */
async function draftOne(call: ToolCall<DraftInput>): Promise<{ [key: string]: unknown }> {
  const sources = await readSources(call);
  const { text } = await call.generate({ prompt: toPrompt(call.stepId, sources) });
  return make(call.input, JSON.parse(text) as Draft, sources);
}

/** Asks a model once per item, keeps each answer as a document of its own, and puts them together. */
async function draftEach(call: ToolCall<DraftInput>): Promise<{ [key: string]: unknown }> {
  const { input: { each = '{}.json' }, stepId } = call;
  const sources = await readSources(call);
  const prompt = toPrompt(stepId, sources);
  const count = 3 + (Number.parseInt(hash(prompt).slice(0, 4), 16) % 3);
  const drafts: Draft[] = [];
  for (let number = 1; number <= count; number++) {
    const { text } = await call.generate({ prompt: `${prompt}\n\nItem ${number} of ${count}`, stage: `${stepId} ${number}` });
    await call.artifact(each.replace('{}', String(number)), `${text}\n`, { kind: 'raw' });
    drafts.push(JSON.parse(text) as Draft);
  }
  const points = drafts.flatMap(({ points: [point] }) => (point ? [point] : []));
  return make(call.input, { title: toTitle(stepId), summary: drafts.map(({ summary }) => summary).join(' '), points }, sources);
}

/** Puts documents together without asking anybody. */
async function assemble(call: ToolCall<DraftInput>): Promise<{ [key: string]: unknown }> {
  const sources = await readSources(call);
  return make(call.input, draft(toPrompt(call.stepId, sources)), sources);
}

export const tools = { 'planning.draft': draftOne, 'planning.draft-each': draftEach, 'planning.assemble': assemble };
