import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

const echo = ({ input }: { readonly input: unknown }): unknown => input;

export const scoring: Readonly<Record<string, Scenario>> = {
  'assertions look at outputs, calls and states': async stage => {
    const flow: FlowSource = {
      id: 'asserted', min_score: 0.2,
      state: { uses: 'tool:state', with: { of: '{% steps.pay.output.amount %}' }, initial: 'before' },
      assertions: [
        { id: 'equal', type: 'equals', path: 'steps.pay.output', value: { amount: 3 } }, { id: 'least', type: 'gte', path: 'steps.pay.output.amount', value: 10 },
        { id: 'most', type: 'lte', path: 'state.balance', value: 10, weight: 0.5 }, { id: 'between', type: 'range', path: 'state.balance', min: 1, max: 8 },
        { id: 'changed', type: 'change_lte', path: 'state.balance', value: 0 }, { id: 'other', type: 'change_not_zero', path: 'state.balance' },
        { id: 'there', type: 'exists', path: 'steps.broken.failure.code' }, { id: 'gone', type: 'exists', path: 'steps.pay.output.nothing' },
        { id: 'called', type: 'matches', path: 'tool_calls', schema: { contains: { type: 'object', properties: { tool: { const: 'echo' } } } } },
        { id: 'unknown', type: 'feels_right', path: 'state', reason: 'nobody can tell' } as never,
      ],
      steps: [
        { id: 'before', uses: 'tool:echo', with: { balance: 10 } }, { id: 'pay', uses: 'tool:echo', with: { amount: 3 }, depends_on: ['before'] },
        { id: 'broken', uses: 'tool:broken', critical: false },
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, broken: () => Promise.reject(Object.assign(new Error('no'), { code: 'broken' })), state: () => ({ balance: 7 }) } });
    const execution = await runtime.start('asserted');
    await execution.settled();
    await stage.examine('end', runtime, execution);
  },

  'a state that cannot be read is evaluated by nobody': async stage => {
    const flow: FlowSource = {
      id: 'unread', state: { uses: 'tool:state', timeout: '2s' },
      assertions: [{ id: 'one', type: 'gte', path: 'state.n', value: 1 }], steps: [{ id: 'a', uses: 'tool:echo' }],
    };
    const runtime = await stage.open({ flows: [flow, { ...flow, id: 'slow', state: { uses: 'tool:hangs', timeout: '2s' } }], handlers: { echo, state: () => Promise.reject(new Error('the chain is down')), hangs: () => new Promise(() => {}) } });
    const broken = await runtime.start('unread');
    const slow = await runtime.start('slow');
    await stage.rest();
    stage.record('reading', await slow.get());
    await stage.advance(2_000);
    await stage.examine('broken', runtime, broken);
    await stage.examine('slow', runtime, slow);
  },

  'consolidators of one\'s own give the score': async stage => {
    const answers = { half: () => ({ score: 0.5, extra: { why: ['because'] } }), above: () => ({ score: 7 }), throws: () => Promise.reject(new Error('out of ideas')), hangs: () => new Promise(() => {}) };
    const seen: unknown[] = [];
    const names = Object.keys(answers) as (keyof typeof answers)[];
    const runtime = await stage.open({
      flows: names.map(name => ({ id: name, consolidation: { uses: name, timeout: '3s' }, steps: [{ id: 'a', uses: 'tool:echo', with: name }] })), handlers: { echo },
      consolidators: Object.fromEntries(names.map(name => [name, (session: unknown) => (seen.push(JSON.parse(JSON.stringify(session))), answers[name]() as never)])),
    });
    const executions = [];
    for (const name of names) executions.push([name, await runtime.start(name)] as const);
    await stage.rest();
    stage.record('hangs', await executions.at(-1)?.[1].get());
    await stage.advance(3_000);
    for (const [name, execution] of executions) await stage.examine(name, runtime, execution);
    stage.record('seen', seen);
  },

  'a missing consolidator keeps a flow from being started': async stage => {
    const runtime = await stage.open({ flows: [{ id: 'own', consolidation: { uses: 'nobody' }, steps: [{ id: 'a', uses: 'tool:echo' }] }], handlers: { echo } });
    await stage.refusal('start', () => runtime.start('own'));
    await stage.survey('end', runtime);
  },
};
