// A whole flow by the kernel alone, with a host of a few lines: run by Node.js as it is, and in a browser's bundle.
import type { Decision, Effect, FlowDefinition, FlowState, Message, RunOutcome, StoredFlow } from '../../src/kernel.ts';
import { compileFlow, createFlow, createScope, deliverMessage, listDue, mergeRows, prepare, readPing, restoreFlow, resumeFlow, startFlow, toConsolidated, toRunMessage } from '../../src/kernel.ts';

const source = {
  id: 'everything', version: '3', mode: 'conditional',
  steps: [
    { id: 'list', uses: 'tool:list', with: { names: '{% $uppercase(input.name) & "ß𝄞" %}' } },
    { id: 'each', uses: 'tool:each', depends_on: ['list'], for_each: '{% steps.list.output.{ "name": $, "index": $length($) } %}', concurrency: 2 },
    { id: 'never', uses: 'tool:never', depends_on: ['list'], when: '{% $count(steps.list.output) > 10 %}' },
    { id: 'flaky', uses: 'tool:flaky', depends_on: ['list'], retry: { maxAttempts: 3, initialInterval: '1m' } },
    { id: 'nap', uses: 'sleep', depends_on: ['each'], with: { for: '2h' } },
    { id: 'approval', uses: 'signal', depends_on: ['nap'], with: { name: '{% "approve." & input.name %}' } },
    { id: 'letter', uses: 'await_message', depends_on: ['list'], with: { queue: 'letters', correlation_id: '{% input.name %}' } },
    { id: 'child', uses: 'flow:other', depends_on: ['approval'], with: { sum: '{% $sum(steps.each.output) %}' } },
    { id: 'review', uses: 'machine:review', depends_on: ['child'], with: { of: 'child' } },
    { id: 'broken', uses: 'tool:broken', depends_on: ['list'], recover: { alternative: 'instead' } },
    { id: 'instead', uses: 'tool:instead' },
    { id: 'asks', uses: 'tool:broken', depends_on: ['list'], recover: { ask: {} } },
    { id: 'cleanup', uses: 'tool:cleanup', depends_on: ['review', 'asks'], run: 'always', with: { at: '{% $now() %}', dice: '{% $floor($random() * 1000000) %}' } },
  ],
  assertions: [{ id: 'there', type: 'exists', path: 'steps.cleanup.output' }],
};

const outputs: { readonly [tool: string]: (input: Record<string, unknown>) => unknown } = {
  list: ({ names }) => ['ada', 'bob', 'cyd', names],
  each: ({ name, index }) => String(name).length * 100 + Number(index),
  instead: () => 'instead',
  cleanup: input => input,
};

/** What a handler comes to; `flaky` fails once. */
function call(tool: string, attempt: number, input: unknown): RunOutcome {
  if (tool === 'broken' || (tool === 'flaky' && attempt === 1)) return { type: 'failed', failure: { code: 'no_luck', message: 'No luck', retryable: true } };
  return { type: 'completed', output: JSON.stringify(outputs[tool]?.(input as Record<string, unknown>) ?? null) };
}

/** How a flow went. */
export interface WholeFlow {
  readonly digest: string;
  readonly status: string;
  readonly score: number | null;
  readonly steps: { readonly [step: string]: string };
  readonly outputs: { readonly [step: string]: unknown };
  readonly kinds: readonly string[];
  /** How many messages were delivered. */
  readonly moves: number;
}

class SmallHost {
  readonly #plan = compileFlow(source as unknown as FlowDefinition);
  readonly #restoreAt: number;
  readonly #todo: (() => Message | Promise<Message>)[] = [];
  readonly #kinds = new Set<string>();
  /** They have a store of their own. */
  readonly #machines = new Set<string>();
  #state: FlowState;
  #stored: StoredFlow | undefined;
  #now = Date.UTC(2026, 0, 31);
  #wakeAt: number | null = null;
  #moves = 0;
  #signals = 0;

  constructor(restoreAt: number) {
    this.#restoreAt = restoreAt;
    this.#state = createFlow(this.#plan, { executionId: 'x1', input: { name: 'zoë' }, now: this.#now });
  }

  async run(): Promise<WholeFlow> {
    this.#take(startFlow(this.#state, this.#now));
    while (this.#state.tree.flow.status === 'active') {
      if (this.#moves === this.#restoreAt) this.#restore();
      const next = this.#todo.shift();
      if (next) this.#deliver(await next());
      else if (this.#wakeAt !== null && this.#wakeAt > 0) this.#sleep(this.#wakeAt);
      else throw new Error(`Nothing is to be done, and the flow is ${this.#state.tree.flow.value}`);
    }
    return this.#describe();
  }

  /** Everything in memory is gone but the rows, as JSON text. */
  #restore(): void {
    const text = JSON.stringify(this.#stored);
    this.#todo.length = 0;
    this.#moves++;
    this.#stored = JSON.parse(text) as StoredFlow;
    this.#state = restoreFlow(this.#plan, this.#stored);
    this.#take(resumeFlow(this.#state, this.#now));
  }

  #sleep(until: number): void {
    this.#now = until;
    for (const message of listDue(this.#state.tree, this.#state.header.startedAt, until)) this.#deliver(message);
  }

  #deliver(message: Message): void {
    this.#moves++;
    this.#take(deliverMessage(this.#state, message, this.#now));
  }

  #take({ rows, effects, machineCalls, wakeAt, thrown }: Decision): void {
    if (thrown !== undefined) throw thrown;
    this.#stored = mergeRows(this.#stored, rows);
    this.#wakeAt = wakeAt;
    for (const told of machineCalls) if (told.type === 'begin') this.#machines.add(told.machineId);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.type === 'settle' || effect.type === 'abort' || effect.type === 'abandon') return;
    if (effect.type === 'consolidate') return void this.#todo.push(() => toConsolidated(this.#state.tree, { assertions: [{ id: 'there', type: 'exists', weight: 1, result: 'passed' }] }));
    const { position, item } = effect;
    const step = this.#plan.steps[position];
    if (!step) return;
    this.#kinds.add(step.kind.name);
    if (effect.type === 'prepare') this.#todo.push(() => this.#prepare(position, item));
    else if (effect.type === 'run') this.#todo.push(() => this.#run(effect));
    else this.#wait(position, item);
  }

  async #prepare(position: number, item: number): Promise<Message> {
    const { tree } = this.#state;
    const readScope = (...[step, values]: Parameters<Parameters<typeof prepare>[0]['readScope']>) => createScope(this.#state, this.#stored as StoredFlow, step, item, values);
    return { to: 'prepared', position, item, prepared: await prepare({ tree, position, item, now: this.#now, timeLimitMs: 1_000, maxBytes: 100_000, readScope }) };
  }

  #run(run: Extract<Effect, { type: 'run' }>): Message {
    const ping = readPing(this.#state, run);
    if (!ping) throw new Error('A run is over before it has begun');
    const target = this.#plan.steps[run.position]?.target ?? '';
    return toRunMessage(this.#state.tree, run, call(target, ping.attempt, ping.input), this.#now, () => 0.5);
  }

  #wait(position: number, item: number): void {
    const step = this.#plan.steps[position];
    const name = step?.id === 'approval' ? 'approve.zoë' : step?.target === 'await_message' ? `message:${step.id}` : step?.id === 'asks' ? 'recover.asks' : undefined;
    if (step?.role === 'machine' && this.#machines.has(step.target)) {
      const place = { executionId: 'x1', generation: 1, stepId: step.id, item };
      this.#todo.push(() => ({ to: 'machine', place, event: { type: 'child.settled' }, output: '"reviewed"' }));
    } else if (step?.role === 'flow') {
      this.#todo.push(() => ({ to: 'step', position, item, event: { type: 'child.settled' }, output: JSON.stringify(readPing(this.#state, { position, item })?.input) }));
    } else if (name !== undefined) {
      const payload = step?.id === 'asks' ? '{"action":"use","output":"by hand"}' : JSON.stringify(name);
      this.#todo.push(() => ({ to: 'signal', signal: { executionKey: 1, number: ++this.#signals, name, payload, receivedAt: this.#now } }));
    }
  }

  #describe(): WholeFlow {
    const { execution, steps, attempts } = this.#stored as StoredFlow;
    const name = ({ position, item }: { readonly position: number; readonly item: number }): string => `${this.#plan.steps[position]?.id}${item < 0 ? '' : `[${item}]`}`;
    const sorted = <Row extends { readonly position: number; readonly item: number }>(rows: readonly Row[]): Row[] => rows.toSorted((a, b) => a.position - b.position || a.item - b.item);
    return {
      digest: execution.digest,
      status: execution.status,
      score: execution.score,
      steps: Object.fromEntries(sorted(steps).map(row => [name(row), row.status])),
      outputs: Object.fromEntries(sorted(attempts).map(row => [name(row), JSON.parse(row.output ?? 'null') as unknown])),
      kinds: [...this.#kinds].toSorted(),
      moves: this.#moves,
    };
  }
}

/** Runs the flow. @param restoreAt after so many messages all but the rows is forgotten; -1: never */
export const runWholeFlow = (restoreAt: number): Promise<WholeFlow> => new SmallHost(restoreAt).run();
