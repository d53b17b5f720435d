import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepFailure } from '../../src/core/failure.ts';
import { gather } from '../../src/views/read-history.ts';
import type { ExecutionView, StepView } from '../../src/views/execution-view.ts';
import { escapeHtml } from '../../src/views/report/escape-html.ts';
import { computeCompletion, renderExecutionReport } from '../../src/views/report/execution-report.ts';
import { parseCsv } from '../../src/views/report/parse-csv.ts';
import { renderMarkdown } from '../../src/views/report/render-markdown.ts';
import type { ReportDocument, ReportDocuments } from '../../src/views/report/report-document.ts';

const hostile = '"><script>alert(1)</script><img src=x onerror="alert(1)">\'`${1}</pre></title></style><!-- \u202E\u0000 &amp; &#60;';
const fail = (message: string): StepFailure => ({ code: 'tool_threw', message, retryable: false, details: { [message]: message } });

function makeStep(index: number, text: string, more: Partial<StepView> = {}): StepView {
  return {
    index, stepId: `${index}${text}`, sessionId: text, description: text, uses: text, dependsOn: [text], critical: true, always: false, weight: 1, maxAttempts: 2, status: 'completed',
    attempts: 1, interruptions: 1, kept: false, items: null, input: { [text]: text }, output: text, failure: null, recovery: null, dueAt: null, startedAt: 1_000, settledAt: 3_000, calls: [], ...more,
  };
}

function makeView(text: string): ExecutionView {
  const call = { tool: text, item: null, status: 'failed', failure: fail(text), startedAt: 1_000, endedAt: 2_000 };
  return {
    executionId: text, generation: 2, flowId: text, flowVersion: text, description: text, mode: 'strict', status: 'failed', passed: false, score: 0, failure: fail(text),
    createdAt: 1_000, startedAt: 1_000, settledAt: 9_000, input: { [text]: text },
    steps: [makeStep(0, text), makeStep(1, text, { status: 'failed', failure: fail(text), calls: [call, call] }), makeStep(2, text, { status: 'skipped', startedAt: null, settledAt: null, failure: fail(text) })],
    consolidation: {
      consolidatedSessionId: text, status: 'timeout', error: fail(text), score: 0, successRate: 0.5, totalTools: 1, createdAt: 1,
      assertions: [{ id: text, type: text, weight: 1, result: 'not_evaluated', reason: text }],
    },
  };
}

const makeDocument = (name: string, kind: ReportDocument['kind'], text: string): ReportDocument =>
  ({ name, kind, stepId: name, version: 2, size: text.length, sha256: name, read: () => Promise.resolve(text) });

const makeDocuments = (text: string): ReportDocuments => ({
  present: [makeDocument(text, 'html', text), makeDocument(text, 'text', text), makeDocument(text, 'csv', `a,"${text.replaceAll('"', '""')}"`), makeDocument(text, 'raw', text)],
  missing: [{ name: text, stepId: text, status: 'skipped', reason: text }],
});

const makeModels = (text: string) => [{ position: 0, stepId: text, model: text, calls: 2, pending: 0, completed: 1, failed: 1, cancelled: 0, inputTokens: 10, outputTokens: 5, totalTokens: 15, cost: 0.25, durationMs: 1_500 }];

const render = async (view: ExecutionView, documents?: ReportDocuments, diagram?: string): Promise<string> =>
  (await gather(renderExecutionReport(view, { now: 10_000, models: makeModels(view.flowId), ...(documents && { documents }), ...(diagram !== undefined && { diagram }) }))).join('');

/** Tags with the names of their attributes: what a browser makes of a page, without its texts. */
function listTags(html: string): string[] {
  return [...html.matchAll(/<(!?\/?[a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>/gi)].map(([, name = '', attributes = '']) =>
    `${name} ${[...attributes.matchAll(/([a-z-]+)(?:="[^"]*")?/gi)].map(match => match[1]).join(' ')}`.trim());
}

describe('a report', () => {
  it('has the same tags whatever the texts in it are', async () => {
    const plain = listTags(await render(makeView('x'), makeDocuments('x'), 'x'));
    expect(plain).toContain('iframe sandbox title style srcdoc');
    const page = await render(makeView(hostile), makeDocuments(hostile), hostile);
    expect(listTags(page)).toEqual(plain);
    expect(page.match(/</g)).toHaveLength(plain.length + (page.match(/<!doctype/g)?.length ?? 0) - plain.filter(tag => tag.startsWith('!')).length);
    for (const unseen of ['\u0000', '\u202E']) expect(page).not.toContain(unseen);
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toMatch(/<script|\son\w+="|\ssrc="(?!data:)|<link/i);
  });

  it('is a page for any text', async () => {
    const plain = listTags(await render(makeView('x'), makeDocuments('x')));
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.stringMatching(/^[<>"'&/=a-z !-]{1,12}$/)), async text => {
      const page = await render(makeView(text), makeDocuments(text));
      expect(listTags(page).length).toBe(plain.length);
      expect(page.isWellFormed()).toBe(true);
    }), { numRuns: 25 });
  });

  it('says what is there, what is missing and why, and how complete it is', async () => {
    const view = { ...makeView('x'), steps: [makeStep(0, '-write'), makeStep(1, '-sum', { status: 'skipped', failure: { code: 'dependency_failed', message: 'write failed', retryable: false } })] };
    const documents: ReportDocuments = {
      present: [makeDocument('plan.md', 'markdown', '# Plan\n\nDo *it*.'), makeDocument('costs.csv', 'csv', 'a,b\n1,2'), makeDocument('raw.json', 'raw', '{}')],
      missing: [{ name: 'summary.md', stepId: '1-sum', status: 'skipped', reason: 'dependency_failed: write failed' }],
    };
    const page = await render(view, documents);
    expect(computeCompletion(view, documents)).toBe(75);
    expect(page).toContain('75 % complete');
    expect(page).toMatch(/<a href="#document-0">plan\.md<\/a>.*<a href="#document-1">costs\.csv<\/a>.*Missing documents \(1\)/);
    expect(page.indexOf('id="document-0"')).toBeLessThan(page.indexOf('id="document-1"'));
    expect(page).toContain('<h3>Plan</h3>\n<p>Do <em>it</em>.</p>');
    expect(page).toContain('<td>summary.md</td><td>1-sum</td><td><span class="badge skipped">skipped</span></td><td class="wide">dependency_failed: write failed</td>');
    expect(page).toMatch(/<td>raw\.json<\/td><td>raw<\/td>/);
    expect(page).toContain('2 calls, 15 tokens, cost 0.25');
    for (const id of page.matchAll(/href="#([\w-]+)"/g)) expect(page, id[1]).toContain(`id="${id[1]}"`);
  });

  it('measures by steps where no document is made, without those their own condition left out', () => {
    const excluded = makeStep(3, 'x', { status: 'skipped', failure: { code: 'condition_false', message: '', retryable: false } });
    const steps = [makeStep(0, 'a'), makeStep(1, 'b', { status: 'failed' }), excluded];
    expect(computeCompletion({ steps }, { present: [], missing: [] })).toBe(50);
    expect(computeCompletion({ steps: [excluded] }, { present: [], missing: [] })).toBe(100);
  });

  it('is not complete with a failed step, though all documents that are known are there', () => {
    const documents = { present: [makeDocument('made-while-it-ran.md', 'markdown', '')], missing: [] };
    expect(computeCompletion({ steps: [makeStep(0, 'a'), makeStep(1, 'b', { status: 'failed' })] }, documents)).toBe(50);
    expect(computeCompletion({ steps: [makeStep(0, 'a')] }, documents)).toBe(100);
  });

  it('reads one document at a time, and none that is too large', async () => {
    let open = 0;
    let most = 0;
    const present = Array.from({ length: 5 }, (_, index): ReportDocument => ({ ...makeDocument(`d${index}`, 'text', 'x'), read: async () => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open -= 1;
      return 'text';
    } }));
    const large: ReportDocument = { ...makeDocument('large', 'text', ''), size: 3 * 1024 * 1024, read: () => Promise.reject(new Error('It was read')) };
    const page = await render(makeView('x'), { present: [...present, large], missing: [] });
    expect(most).toBe(1);
    expect(page).toContain('too large to be shown here: 3145728 bytes');
  });
});

describe('Markdown in a report', () => {
  const allowed = /^<\/?(?:p|h[3-6]|em|strong|s|code|pre|ul|ol|li|blockquote|table|thead|tbody|tr|th|td|hr|br|a|img)(?: (?:href|title|rel|alt|src|style|class|start)="[^"]*")*>$/;

  it('keeps only harmless tags and links, whatever it is given', () => {
    const pieces = fc.constantFrom('<script>', '<img src=x onerror=a>', '[a](javascript:alert(1))', '[b](JaVaScript:x)', '![c](https://x.org/a.png)', '[d](data:text/html,x)', '<https://x.org>', '`', '*', '_', '#', '\n\n', '| a | b |\n|---|---|\n', '> ', '- ', '1. ', '&lt;', '"', '[e]: vbscript:x\n', '[e]', '\u0000', '```html\n');
    fc.assert(fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), parts => {
      const html = renderMarkdown(parts.join(''));
      for (const [tag] of html.matchAll(/<[^>]*>/g)) expect(tag, html).toMatch(allowed);
      for (const [, url = ''] of html.matchAll(/(?:href|src)="([^"]*)"/g)) expect(url).toMatch(/^(?:https?:|mailto:|#|data:image\/)/);
    }));
  });

  it('makes a link of a picture from elsewhere', () => {
    expect(renderMarkdown('![a "b"](http://x.org/p.png)')).toBe('<p><a href="http://x.org/p.png" rel="noopener noreferrer">a &quot;b&quot;</a></p>\n');
    expect(renderMarkdown('![dot](data:image/png;base64,AA==)')).toBe('<p><img src="data:image/png;base64,AA==" alt="dot"></p>\n');
    expect(renderMarkdown('# One\n## Two')).toBe('<h3>One</h3>\n<h4>Two</h4>\n');
  });
});

describe('CSV in a report', () => {
  it('gives back the cells it was written from', () => {
    const cell = fc.oneof(fc.string(), fc.stringMatching(/^[",\r\na ]{0,5}$/));
    fc.assert(fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), (rows, end, last) => {
      const text = rows.map(cells => cells.map(value => `"${value.replaceAll('"', '""')}"`).join(',')).join(end) + (last ? end : '');
      expect(parseCsv(text)).toEqual(rows);
    }));
    expect(parseCsv('a,b\n1,\n,2\n')).toEqual([['a', 'b'], ['1', ''], ['', '2']]);
    expect(parseCsv('a,"b')).toBeUndefined();
  });
});

describe('escaping', () => {
  it('leaves nothing that means something to a browser, and loses nothing that can be seen', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      const back = escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
      expect(back).toBe(text.toWellFormed().replaceAll('\r\n', '\n').replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, '\uFFFD'));
    }));
  });
});
