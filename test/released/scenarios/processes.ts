import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario, Stage } from '../stage.ts';
import { child as killedChild, flow as killedFlow, machine } from '../victim.ts';

const tools = join(import.meta.dirname, '../process-tools.ts');
const victim = join(import.meta.dirname, '../victim.ts');

/** Runs a process that kills itself in the middle of a script, on the stage's database. */
function runVictim(stage: Stage, script: string): void {
  const { version } = stage;
  try {
    execFileSync(process.execPath, [...version.nodeOptions, victim, script, version.door('index'), version.door('sqlite'), stage.database], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { signal, stderr } = error as { signal?: string; stderr?: Buffer };
    if (signal === 'SIGKILL') return;
    throw new Error(`The process did not kill itself: ${String(stderr)}`, { cause: error });
  }
  throw new Error('The process came to its end');
}

export const processes: Readonly<Record<string, Scenario>> = {
  'a static flow runs in a process of its own': async stage => {
    stage.useRealTime();
    const flow: FlowSource = {
      id: 'static', flow_type: 'static', mode: 'lenient',
      steps: [
        { id: 'make', uses: 'tool:double', with: 21 }, { id: 'each', uses: 'tool:double', for_each: [1, 2, 3], concurrency: 1, depends_on: ['make'] }, { id: 'bad', uses: 'tool:fails', depends_on: ['each'] },
        { id: 'write', uses: 'tool:write', depends_on: ['bad'] }, { id: 'child', uses: 'flow:child', depends_on: ['write'] },
      ],
    };
    const child: FlowSource = { id: 'child', steps: [{ id: 'a', uses: 'tool:double', with: 4 }] };
    const runtime = await stage.open({ flows: [flow, child], store: 'file', isolation: { tools, durability: 'process' } });
    const execution = await runtime.start('static');
    await execution.settled();
    await stage.examine('end', runtime, execution);
    stage.record('list', await runtime.list());
  },

  'a process that dies is followed by another': async stage => {
    stage.useRealTime();
    const flow: FlowSource = { id: 'dies', flow_type: 'static', steps: [{ id: 'a', uses: 'tool:double', with: 1 }, { id: 'die', uses: 'tool:die', with: { file: join(stage.folder, 'died') }, depends_on: ['a'] }, { id: 'b', uses: 'tool:double', with: 2, depends_on: ['die'] }] };
    const runtime = await stage.open({ flows: [flow], store: 'file', isolation: { tools, durability: 'process' } });
    const execution = await runtime.start('dies');
    await execution.settled();
    const { steps, status, score } = await execution.get();
    stage.record('end', [status, score, steps.map(({ stepId, status: state, attempts, interruptions, output, reason }) => ({ stepId, state, attempts, interruptions, output, code: reason?.code }))]);
  },

  'a killed process loses nothing of a flow': async stage => {
    stage.useRealTime();
    runVictim(stage, 'flow');
    const runtime = await stage.open({ flows: [killedFlow, killedChild], handlers: { work: ({ input }) => input, slow: ({ input }) => input }, store: 'file' });
    const [execution] = await runtime.list({ status: ['pending', 'stepping'], flowId: 'parent' });
    await runtime.settled(execution?.executionId ?? '');
    for (const [index, one] of (await runtime.list()).entries()) await stage.examine(`all ${index}`, runtime, one);
    stage.record('calls', stage.calls);
  },

  'a killed process loses nothing of queues and actors': async stage => {
    stage.useRealTime();
    runVictim(stage, 'rest');
    const runtime = await stage.open({ machines: [machine], queues: [stage.version.flowstone.defineQueue({ name: 'jobs' })], store: 'file' });
    await stage.surveyQueue('before', runtime, 'jobs');
    stage.record('actors', await runtime.actors());
    const handled: unknown[] = [];
    await runtime.consume('jobs', ({ payload, attempt, interruptions }) => void handled.push([payload, attempt, interruptions]));
    await stage.until(() => handled.length === 2);
    await stage.rest();
    stage.record('handled', handled);
    const actor = await runtime.actor('a');
    await actor.send({ type: 'go' } as never);
    stage.record('snapshot', (({ value, context }) => ({ value, context }))(actor.getSnapshot() as { value: unknown; context: unknown }));
  },
};
