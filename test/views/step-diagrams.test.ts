import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ExecutionView, StepView } from '../../src/views/execution-view.ts';
import { renderFlowChart } from '../../src/views/mermaid/flow-chart.ts';
import { renderStep } from '../../src/views/report/step-section.ts';
import { renderDefinitionDiagram } from '../../src/views/mermaid/definition-diagram.ts';
import { renderExecutionDiagram } from '../../src/views/mermaid/execution-diagram.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { until } from '../runtime/open-runtime.ts';
import { createTripHandlers, startFlow, trip } from './open-views.ts';
import { parseMermaid } from './parse-mermaid.ts';

const nasty = 'not "yet": [503]; {x} <b>bold</b> # %% `a` end note\nsecond\tline 🎉 :::x --> [*] \u202E';
const failure = (message: string) => ({ code: 'tool_threw', message, retryable: true });

/** Runs `trip` to its signal, then to its end. */
async function runTrip(): Promise<{ waiting: ExecutionView; settled: ExecutionView }> {
  const { runtime, clock, executionId, view } = await startFlow(trip, createTripHandlers(nasty));
  let status: string | undefined;
  for (let turn = 0; turn < 20 && status !== 'waiting'; turn++) {
    await until(() => true);
    for (let ticks = 0; ticks < 20; ticks++) await new Promise<void>(resolve => setImmediate(resolve));
    clock.advance(250);
    status = (await view()).steps.at(-1)?.status;
  }
  const waiting = await view();
  await runtime.signal(executionId, 'go', 'on');
  await runtime.settled(executionId);
  const settled = await view();
  await runtime.stop();
  return { waiting, settled };
}

it('marks always-steps in the diagrams of a definition, of an execution, and in its report', async () => {
  const flow: FlowSource = { id: 'f', mode: 'strict', steps: [{ id: 'work', uses: 'tool:work' }, { id: 'tidy', uses: 'tool:tidy', run: 'always', depends_on: ['work'] }] };
  const { runtime, executionId, view } = await startFlow(flow, { work: () => { throw new Error('no'); }, tidy: () => 1 });
  await runtime.settled(executionId);
  const drawn = await view();
  const labels = (text: string): string[] => text.split('\n').filter(line => line.includes('always'));
  expect(labels(renderExecutionDiagram(drawn))).toEqual([expect.stringMatching(/state "tidy<br\/>tool:tidy<br\/>✔ completed.*<br\/>always" as/)]);
  expect(labels(renderDefinitionDiagram(defineFlow(flow))).join('\n')).toContain(': always');
  expect(labels(renderFlowChart(defineFlow(flow), { statuses: new Map([['tidy', 'completed']]) })).join('\n')).toContain('|always|');
  expect(renderStep(drawn.steps[1] as StepView, 0)).toContain('always');
  expect(renderStep(drawn.steps[0] as StepView, 0)).not.toContain('always');
  await runtime.stop();
});

describe('a flow as a state diagram', () => {
  it('has every step, its conditions and the consolidation, and only the arrows that say something', async () => {
    const diagram = renderDefinitionDiagram(defineFlow(trip));
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
    expect(diagram).toContain('state "flaky<br/>tool:flaky<br/>up to 3 attempts" as s_flaky');
    expect(diagram.indexOf('state s_never_when <<choice>>')).toBeLessThan(diagram.indexOf('s_flaky --> s_never_when'));
    expect(diagram).toContain('s_never_when --> s_never : if false');
    expect(diagram).toContain('s_flaky --> s_join');
    expect(diagram).not.toContain('s_fetch --> s_join');
    expect(diagram).toMatch(/s_end --> consolidating\n[^]*consolidating --> \[\*\] : score, passes from 0\.5/);
    expect(diagram).toContain('class s_bad optional');
  });

  it('leaves 73 of the 347 arrows of a real pipeline', async () => {
    const diagram = renderDefinitionDiagram(pipelineFlow(), { direction: 'LR' });
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
    expect(diagram.match(/s_\w+ --> s_\w+/g)).toHaveLength(73);
    expect(diagram).toContain('direction LR');
  });
});

describe('an execution as a state diagram', () => {
  it('shows status, time, attempts, items and errors, while it runs and after', async () => {
    const { waiting, settled } = await runTrip();
    const running = renderExecutionDiagram(waiting);
    expect(await parseMermaid(running)).toBe('stateDiagram');
    expect(running).toContain('state "end<br/>signal<br/>◷ waiting" as s_end');
    expect(running).not.toContain('consolidation');
    const diagram = renderExecutionDiagram(settled);
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
    expect(diagram).toMatch(/state "flaky<br\/>tool:flaky<br\/>✔ completed in \S+<br\/>attempt 3 of 3" as s_flaky/);
    expect(diagram).toContain('<br/>3 of 3 items" as s_each');
    expect(diagram).toMatch(/note right of s_flaky\n {4}2 × tool_threw#58; not #34;yet#34;.*\n {2}end note/);
    expect(diagram).toMatch(/note right of s_bad\n {4}tool_threw#58; .*end #110;ote.*\n {2}end note/);
    expect(diagram).toContain('state "bad<br/>tool:bad<br/>✖ failed in 0ms<br/>optional" as s_bad');
    expect(diagram).toContain('classDef skipped fill:#eaeef2,stroke:#8c959f,color:#6e7781,stroke-dasharray:5 4\n  class s_never skipped');
    // The arrow from what began the step carries the time; the others do not.
    expect(diagram).toMatch(/s_flaky --> s_join : \+\S+\n/);
    expect(diagram).toMatch(/s_each --> s_join\n/);
    expect(diagram).toMatch(/consolidation --> \[\*\] : scored, passed, score 0\.833 after /);
  });

  it('shows the consolidation and what went wrong with it', async () => {
    const { settled } = await runTrip();
    const consolidation = { consolidatedSessionId: 'x', status: 'timeout', error: { ...failure(nasty), code: 'consolidation_timeout' }, score: 0, successRate: 0.5, totalTools: 3, createdAt: 0, assertions: [] } as const;
    const diagram = renderExecutionDiagram({ ...settled, score: 0, passed: false, consolidation });
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
    expect(diagram).toContain('state "✖ consolidation<br/>timeout<br/>50 #37; of the steps completed" as consolidation');
    expect(diagram).toMatch(/note right of consolidation\n {4}consolidation_timeout#58; not/);
    expect(diagram).toMatch(/class [\w,]*consolidation failed/);
  });

  it('survives any text, also one of 10,000 characters', async () => {
    const { settled } = await runTrip();
    const say = (text: string): ExecutionView => ({
      ...settled,
      failure: failure(text),
      steps: settled.steps.slice(0, 1).map(step => ({ ...step, uses: text, status: 'failed', failure: failure(text) })),
    });
    for (const text of ['x'.repeat(10_000), '🎉"'.repeat(5_000), nasty.repeat(100), 'END NOTE', 'end note', '', '---', 'state "a" as b {']) {
      expect(await parseMermaid(renderExecutionDiagram(say(text)))).toBe('stateDiagram');
    }
    const definition = defineFlow(trip);
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.stringMatching(/^(end note|-->|\[\*\]|state|"|:|;|#|%%|\n|[{}<>]){0,9}$/));
    await fc.assert(fc.asyncProperty(texts, async text => {
      expect(await parseMermaid(renderExecutionDiagram(say(text)))).toBe('stateDiagram');
      const { steps } = definition;
      expect(await parseMermaid(renderDefinitionDiagram({ ...definition, steps: steps.slice(0, 1).map(step => ({ ...step, when: text, for_each: text })) }))).toBe('stateDiagram');
    }), { numRuns: 25 });
  });

  it('draws names and colours only where Mermaid would refuse the rest', async () => {
    const { settled } = await runTrip();
    const bad = settled.steps[3] ?? expect.fail();
    const steps = Array.from({ length: 170 }, (_, index) => ({ ...bad, index, stepId: `step-${index}`, dependsOn: index === 0 ? [] : [`step-${index - 1}`] }));
    const diagram = renderExecutionDiagram({ ...settled, steps });
    expect(diagram.length).toBeLessThan(50_000);
    expect(diagram).toContain('state "✖ step-169" as s_step_169');
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
  });

  it('shows which step stood in for which, and what a retry kept', async () => {
    let works = false;
    const flow: FlowSource = {
      id: 'again',
      steps: [
        { id: 'first', uses: 'tool:first' },
        { id: 'main', uses: 'tool:main', depends_on: ['first'], recover: { alternative: 'spare' } },
        { id: 'spare', uses: 'tool:spare' },
        { id: 'last', uses: 'tool:last', depends_on: ['main'] },
      ],
    };
    const { runtime, executionId, view } = await startFlow(flow, {
      first: () => 1,
      main: () => { throw new Error('no route'); },
      spare: () => 2,
      last: () => { if (!works) throw new Error('not yet'); return 3; },
    });
    await runtime.settled(executionId);
    works = true;
    await (await runtime.retry(executionId)).settled();
    const diagram = renderExecutionDiagram(await view());
    await runtime.stop();
    expect(await parseMermaid(diagram)).toBe('stateDiagram');
    expect(diagram).toMatch(/state "main<br\/>tool:main<br\/>✔ completed in \S+<br\/>recovered by spare<br\/>kept from an earlier generation" as s_main/);
    expect(diagram).toMatch(/state "spare<br\/>tool:spare<br\/>✔ completed in \S+<br\/>alternative of main<br\/>kept/);
    expect(diagram).toContain('tool_threw#58; no route');
    // Only what this generation did has a time.
    expect(diagram).toMatch(/s_first --> s_main\n/);
    expect(diagram).toMatch(/s_main --> s_last : \+0ms\n/);
  });
});
