import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

/** A handler that fails as it is told, and else gives back what it was given. */
const echo = ({ input }: { readonly input: unknown }): unknown => input;
const fixed = { jitter: 'none' } as const;
const step = (id: string, uses: string, more: object = {}): FlowSource['steps'][number] => ({ id, uses, ...more });

export const flows: Readonly<Record<string, Scenario>> = {
  'a chain hands its outputs on': async stage => {
    const flow: FlowSource = {
      id: 'chain', version: '1.10', description: 'Three in a row',
      steps: [
        step('a', 'tool:echo', { with: { text: '{% input.name %}', odd: [null, true, 1.5, 'ünï \u0000 😀', { 'a key': [] }] } }),
        step('b', 'tool:echo', { with: 'Hello {% steps.a.output.text %}', depends_on: ['a'], weight: 3 }),
        step('c', 'tool:value.make', { with: { sum: '{% $sum([1, 2, 3]) %}', said: '{% steps.b.output %}', seen: '{% steps.b.status %}' }, depends_on: ['b'] }),
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('chain', { input: { name: 'Ann' } });
    stage.record('settled', await execution.settled());
    await stage.examine('end', runtime, execution);
    await stage.survey('end', runtime);
  },

  'conditions exclude steps, and their dependents run': async stage => {
    const flow: FlowSource = {
      id: 'conditions', min_score: 0.5,
      steps: [
        step('never', 'tool:echo', { when: false, weight: 9 }),
        step('no', 'tool:echo', { when: 'input.n > 5' }),
        step('yes', 'tool:echo', { when: 'input.n < 5', depends_on: ['no'] }),
        step('none', 'tool:echo', { when: 'input.missing', depends_on: ['yes'] }),
        step('bad', 'tool:echo', { when: 'input.n', critical: false }),
        step('last', 'tool:echo', { with: { no: '{% steps.no.output %}', how: '{% steps.no.status %}' }, depends_on: ['no', 'bad'] }),
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('conditions', { input: { n: 3 } });
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'attempts are repeated after longer and longer waits': async stage => {
    let calls = 0;
    const flow: FlowSource = {
      id: 'retries',
      steps: [
        step('third', 'tool:third', { retry: { maxAttempts: 4, initialInterval: '1s', backoffCoefficient: 3, ...fixed } }),
        step('never', 'tool:never', { critical: false, retry: { maxAttempts: 3, initialInterval: '2s', maxInterval: '3s', ...fixed } }),
        step('after', 'tool:echo', { depends_on: ['third', 'never'] }),
      ],
    };
    const runtime = await stage.open({
      flows: [flow],
      handlers: {
        echo,
        third: () => {
          if (++calls < 3) throw Object.assign(new Error(`not yet ${calls}`), { code: 'busy' });
          return calls;
        },
        never: () => Promise.reject(new TypeError('never')),
      },
    });
    const execution = await runtime.start('retries');
    await stage.rest();
    stage.record('first wait', await execution.get());
    await stage.advance(1_000);
    stage.record('second wait', await execution.get());
    for (let round = 0; round < 5; round++) await stage.advance(1_000);
    await stage.examine('end', runtime, execution);
    await stage.survey('end', runtime);
  },

  'failures that say so are not tried again': async stage => {
    const { fail, retryAfter } = stage.version.flowstone;
    const retry = { maxAttempts: 3, initialInterval: '1s', nonRetryable: ['fatal'], ...fixed };
    const flow: FlowSource = {
      id: 'failures', mode: 'lenient',
      steps: [
        step('refused', 'tool:refused', { retry }), step('fatal', 'tool:fatal', { retry }), step('thrown', 'tool:thrown', { retry }),
        step('later', 'tool:later', { retry }), step('details', 'tool:details'),
      ],
    };
    const runtime = await stage.open({
      flows: [flow],
      handlers: {
        refused: () => fail('The card was declined', { code: 'card_declined', retryable: false }),
        fatal: () => fail('It is over', { code: 'fatal' }),
        thrown: () => {
          throw Object.assign(new Error('no'), { retryable: false });
        },
        later: ({ attempt }) => (attempt < 3 ? retryAfter(5_000, 'busy') : 'now'),
        details: () => fail('with more', { details: { limit: 3, left: [] } }),
      },
    });
    const execution = await runtime.start('failures');
    await stage.advance(5_000);
    await stage.advance(5_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'an attempt that takes too long is over': async stage => {
    const flow: FlowSource = {
      id: 'slow',
      steps: [step('hangs', 'tool:hangs', { timeout: '2s', retry: { maxAttempts: 2, initialInterval: '1s', ...fixed }, critical: false }), step('after', 'tool:echo', { depends_on: ['hangs'] })],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, hangs: () => new Promise(() => {}) } });
    const execution = await runtime.start('slow');
    await stage.rest();
    stage.record('runs', await execution.get());
    await stage.advance(2_000);
    await stage.advance(1_000);
    await stage.advance(2_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'sleeps end when their time has come': async stage => {
    const flow: FlowSource = {
      id: 'sleeps',
      steps: [
        step('short', 'sleep', { with: { for: '10s' } }),
        step('until', 'sleep', { with: { until: '2026-01-01T00:00:30Z' } }),
        step('past', 'sleep', { with: { until: '{% input.past %}' } }),
        step('long', 'sleep', { with: { for: '2d' }, depends_on: ['short', 'until', 'past'] }),
        step('last', 'tool:echo', { depends_on: ['long'], with: 'awake' }),
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('sleeps', { input: { past: 1_000 } });
    await stage.rest();
    stage.record('asleep', await execution.get());
    for (const ms of [10_000, 20_000, 86_400_000]) await stage.advance(ms);
    await stage.survey('half', runtime);
    await stage.advance(86_400_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'signals reach the step that waits, early ones too': async stage => {
    const flow: FlowSource = {
      id: 'signals',
      steps: [
        step('early', 'signal', { with: { name: 'early' }, depends_on: ['nap'] }), step('nap', 'sleep', { with: { for: '5s' } }),
        step('go', 'signal', { with: { name: 'go' } }), step('second', 'signal', { with: { name: 'go' }, depends_on: ['go'] }),
        step('late', 'signal', { with: { name: 'late' }, timeout: '20s', critical: false }),
        step('last', 'tool:echo', { with: { go: '{% steps.go.output %}', second: '{% steps.second.output %}', early: '{% steps.early.output %}' }, depends_on: ['early', 'second', 'late'] }),
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('signals');
    await execution.signal('early', { by: 'Ann' });
    await execution.signal('go', 1);
    await execution.signal('go');
    await execution.signal('nobody', 'takes it', { force: true });
    await stage.rest();
    stage.record('waits', await execution.get());
    await stage.advance(5_000);
    await stage.advance(15_000);
    await execution.settled();
    await stage.refusal('too late', () => execution.signal('go'));
    await stage.refusal('nowhere', () => runtime.signal('no-such-execution', 'go'));
    await stage.examine('end', runtime, execution);
  },

  'a flow runs out of time': async stage => {
    const flow: FlowSource = { id: 'short', timeout: '1m', steps: [step('a', 'tool:echo'), step('b', 'tool:hangs', { depends_on: ['a'] }), step('c', 'sleep', { with: { for: '5m' } }), step('d', 'tool:echo', { depends_on: ['b'] })] };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, hangs: () => new Promise(() => {}) } });
    const execution = await runtime.start('short');
    await stage.advance(30_000);
    await stage.advance(30_000);
    stage.record('settled', await execution.settled());
    await stage.examine('end', runtime, execution);
  },

  'a cancel ends what runs, waits and would begin': async stage => {
    const flow: FlowSource = {
      id: 'cancelled',
      steps: [
        step('done', 'tool:echo'), step('runs', 'tool:hangs'), step('waits', 'signal', { with: { name: 'go' } }), step('sleeps', 'sleep', { with: { for: '1h' } }),
        step('tries', 'tool:fails', { retry: { maxAttempts: 9, initialInterval: '1h', ...fixed } }), step('next', 'tool:echo', { depends_on: ['runs'] }),
      ],
    };
    const reasons: string[] = [];
    const hangs = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => new Promise((_resolve, reject) => signal.addEventListener('abort', () => {
      reasons.push((signal.reason as Error).message);
      reject(signal.reason as Error);
    }));
    const runtime = await stage.open({ flows: [flow], handlers: { echo, hangs, fails: () => Promise.reject(new Error('no')) } });
    const execution = await runtime.start('cancelled');
    await stage.advance(1_000);
    stage.record('answer', await execution.cancel('The order was withdrawn'));
    stage.record('settled', await execution.settled());
    stage.record('again', await execution.cancel());
    await stage.rest();
    stage.record('reasons', reasons);
    await stage.refusal('nowhere', () => runtime.cancel('no-such-execution'));
    await stage.examine('end', runtime, execution);
  },

  'a strict flow halts at the first critical failure': async stage => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const steps: FlowSource['steps'] = [
      step('optional', 'tool:fails', { critical: false }), step('slow', 'tool:slow'), step('waits', 'signal', { with: { name: 'go' } }),
      step('breaks', 'tool:fails', { depends_on: ['optional'] }), step('next', 'tool:echo', { depends_on: ['slow'] }), step('list', 'tool:slow', { for_each: [1, 2, 3], concurrency: 1 }),
    ];
    const runtime = await stage.open({
      flows: [{ id: 'strict', mode: 'strict', steps }, { id: 'finish', mode: 'strict', on_halt: 'finish', steps }],
      handlers: { echo, fails: () => Promise.reject(new Error('broken')), slow: async () => gate.then(() => 'slow') },
    });
    const strict = await runtime.start('strict');
    const finish = await runtime.start('finish');
    await stage.rest();
    stage.record('halted', [await strict.get({ items: true }), await finish.get({ items: true })]);
    open();
    await stage.rest();
    await stage.examine('strict', runtime, strict);
    await stage.examine('finish', runtime, finish);
  },

  'a failure skips what depends on it, a lenient flow goes on': async stage => {
    const steps: FlowSource['steps'] = [
      step('a', 'tool:fails'), step('b', 'tool:echo', { depends_on: ['a'], with: { a: '{% steps.a.output %}' } }), step('c', 'tool:echo', { depends_on: ['b'] }),
      step('d', 'tool:echo', { weight: 2 }), step('e', 'tool:fails', { critical: false, weight: 0.5 }), step('f', 'tool:echo', { depends_on: ['e', 'd'], with: '{% steps.e.status %}' }),
    ];
    const runtime = await stage.open({
      // One after the other: which of two evaluations is done first is nobody's promise.
      flows: [{ id: 'conditional', concurrency: 1, steps }, { id: 'lenient', mode: 'lenient', min_score: 0.6, concurrency: 1, steps }, { id: 'above', mode: 'lenient', min_score: 0.9, concurrency: 1, steps }],
      handlers: { echo, fails: () => Promise.reject(new Error('broken')) },
    });
    for (const id of ['conditional', 'lenient', 'above']) {
      const execution = await runtime.start(id);
      await execution.settled();
      await stage.examine(id, runtime, execution);
    }
    stage.record('passed', await runtime.list({ status: ['scored'], limit: 2 }));
  },

  'expressions see the time, a seed, and fail their step': async stage => {
    const flow: FlowSource = {
      id: 'expressions', mode: 'lenient', concurrency: 1,
      steps: [
        step('time', 'tool:echo', { with: { now: '{% $now() %}', ms: '{% $millis() %}', mark: 'A mark: {% "{%" %}', nothing: '{% input.nothing %}' } }),
        step('throws', 'tool:echo', { with: '{% $error("on purpose") %}' }), step('function', 'tool:echo', { with: '{% $sum %}' }),
        step('number', 'tool:echo', { with: '{% $number("twelve") %}' }), step('nested', 'tool:echo', { with: { a: ['{% steps.time.output.mark & "!" %}'] }, depends_on: ['time'] }),
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('expressions');
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'inputs are filled in, checked and refused': async stage => {
    const flow: FlowSource = {
      id: 'inputs',
      input: { type: 'object', required: ['wallet'], properties: { wallet: { type: 'string', minLength: 3 }, amount: { type: 'number', default: 1 }, deep: { type: 'object', default: {}, properties: { on: { default: true } } } } },
      steps: [step('a', 'tool:echo', { with: '{% input %}' })],
    };
    const runtime = await stage.open({ flows: [flow, { id: 'toolless', steps: [step('a', 'tool:nowhere')] }, { id: 'childless', steps: [step('a', 'flow:nowhere')] }], handlers: { echo } });
    const execution = await runtime.start('inputs', { input: { wallet: 'ada' } });
    await execution.settled();
    await stage.examine('end', runtime, execution);
    await stage.refusal('too short', () => runtime.start('inputs', { input: { wallet: 'a', amount: '1' } }));
    await stage.refusal('missing', () => runtime.start('inputs'));
    await stage.refusal('no flow', () => runtime.start('inputz'));
    await stage.refusal('no tool', () => runtime.start('toolless'));
    await stage.refusal('no child', () => runtime.start('childless'));
    await stage.refusal('no execution', () => runtime.get('nowhere'));
    await stage.refusal('not JSON', () => runtime.start('inputs', { input: { wallet: 'ada', amount: Number.NaN } }));
  },

  'keys, labels and priorities are kept with an execution': async stage => {
    const flow: FlowSource = { id: 'marked', steps: [step('a', 'tool:echo')] };
    // All wait before the first one ends: then they begin by priority, however fast a flow ends.
    const all = Promise.withResolvers<void>();
    const handlers = { echo: async (call: Parameters<typeof echo>[0]) => (await all.promise, echo(call)) };
    const runtime = await stage.open({ flows: [flow, { ...flow, id: 'other' }], handlers, maxActiveFlows: 1, store: 'file' });
    const starts = [
      ['marked', { idempotencyKey: 'one', labels: { agent: 'ann', branch: 'main' }, priority: 1 }], ['marked', { labels: { agent: 'bob' }, priority: 5 }],
      ['other', { labels: { agent: 'ann' }, input: { n: 2 } }], ['other', {}],
    ] as const;
    const executions = [];
    for (const [id, options] of starts) {
      executions.push(await runtime.start(id, options));
      // Ids sort by age, and those of one millisecond by chance.
      stage.clock.advance(1);
    }
    all.resolve();
    await Promise.all(executions.map(async execution => execution.settled()));
    const again = await runtime.start('marked', { idempotencyKey: 'one', input: 'another' });
    stage.record('again', [again.created, again.executionId, executions[0]?.executionId]);
    for (const [index, execution] of executions.entries()) stage.record(`${index}`, await execution.get());
    await stage.survey('end', runtime);
    stage.record('limited', await runtime.list({ limit: 1, flowId: 'other' }));
    await runtime.stop();
    const reader = stage.version.sqlite.openSqliteReader({ file: stage.database });
    for (const by of ['agent', 'branch', 'flow']) stage.record(`stats.${by}`, await stage.version.flowstone.readStats(reader, { by }));
    reader.close();
  },

  'writes of a handler are in the commit of its output': async stage => {
    const flow: FlowSource = { id: 'own', steps: [step('book', 'tool:book', { retry: { maxAttempts: 2, initialInterval: '1s', ...fixed } }), step('read', 'tool:read', { depends_on: ['book'] })] };
    type Handle = { prepare(sql: string): { run(...values: unknown[]): unknown; all(): unknown[] } };
    let rows: unknown[] = [];
    const runtime = await stage.open({
      flows: [flow], store: 'file',
      handlers: {
        book: ({ onCommit, attempt, idempotencyKey }) => {
          onCommit(tx => {
            const database = tx.handle as Handle;
            database.prepare('CREATE TABLE IF NOT EXISTS bookings (attempt INTEGER, id TEXT)').run();
            database.prepare('INSERT INTO bookings VALUES (?, ?)').run(attempt, idempotencyKey);
            if (attempt === 1) throw new Error('not this time');
          });
          return { attempt };
        },
        read: ({ onCommit }) => (onCommit(tx => void (rows = (tx.handle as Handle).prepare('SELECT attempt FROM bookings').all())), 'read'),
      },
    });
    const execution = await runtime.start('own');
    await stage.advance(1_000);
    await execution.settled();
    stage.record('rows', rows);
    await stage.examine('end', runtime, execution);
  },

  'outputs that cannot be stored fail their step': async stage => {
    const odd: readonly (readonly [string, unknown])[] = [
      ['nan', Number.NaN], ['function', () => {}], ['bigint', { n: 10n }], ['large', 'x'.repeat(3_000)], ['nothing', undefined], ['date', new Date(0)], ['map', new Map([[1, 2]])], ['missing', { a: undefined, b: [undefined] }],
    ];
    const flow: FlowSource = { id: 'odd', mode: 'lenient', steps: odd.map(([id]) => step(id, `tool:${id}`)) };
    const runtime = await stage.open({ flows: [flow], maxOutputBytes: 2_000, handlers: Object.fromEntries(odd.map(([id, value]) => [id, () => value])) });
    const execution = await runtime.start('odd');
    await execution.settled();
    await stage.examine('end', runtime, execution);
    await stage.refusal('a large input', () => runtime.start('odd', { input: 'y'.repeat(3_000) }));
  },

  'programs and requests are steps': async stage => {
    stage.useRealTime();
    const { createServer } = await import('node:http');
    const server = createServer((request, response) => response.writeHead(request.url === '/no' ? 404 : 200, { 'content-type': 'application/json', date: 'today' }).end('{"answer":42}'));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const flow: FlowSource = {
      id: 'outside', mode: 'lenient',
      steps: [
        step('echo', 'exec', { with: { command: 'echo', args: ['{"a":1}'], parse: 'json' } }), step('false', 'exec', { with: { command: 'false' } }), step('none', 'exec', { with: { command: 'no-such-program' } }),
        step('get', 'http', { with: { url: '{% input.url %}' } }), step('no', 'http', { with: { url: '{% input.url & "/no" %}', method: 'POST', body: { a: 1 } } }),
      ],
    };
    const runtime = await stage.open({ flows: [flow] });
    const execution = await runtime.start('outside', { input: { url: `http://127.0.0.1:${port}` } });
    await execution.settled();
    server.close();
    const { steps } = await execution.get();
    stage.record('steps', JSON.parse(JSON.stringify(steps).replaceAll(String(port), '<port>')));
    stage.record('totals', (({ score, earned, possible, totalTools }) => ({ score, earned, possible, totalTools }))((await execution.consolidated()) as never as { score: number; earned: number; possible: number; totalTools: number }));
  },

  'limits hold steps and flows back': async stage => {
    const open: (() => void)[] = [];
    const flow: FlowSource = { id: 'crowd', concurrency: 2, steps: ['a', 'b', 'c', 'd'].map(id => step(id, 'tool:hold')) };
    const runtime = await stage.open({ flows: [flow], maxRunningSteps: 3, maxActiveFlows: 2, handlers: { hold: ({ stepId }) => new Promise(resolve => void open.push(() => resolve(stepId))) } });
    const executions = [];
    for (const priority of [0, 0, 5]) executions.push(await runtime.start('crowd', { priority }));
    await stage.rest();
    for (let round = 0; round < 12; round++) {
      await stage.survey(`round ${round}`, runtime);
      open.shift()?.();
      await stage.rest();
    }
    for (const [index, execution] of executions.entries()) await stage.examine(`${index}`, runtime, execution);
  },
};
