import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createSeededRandom, type Random } from '../../../src/core/ids.ts';
import { defineFlow } from '../../../src/definition/define-flow.ts';
import { loadFlow } from '../../../src/definition/load-flow.ts';
import { describeSteps } from '../../../src/inspector/graph/describe-steps.ts';
import type { GraphStep, StepCoverage, StepState, StepStatus } from '../../../src/inspector/graph/step-graph.ts';
import { stepStatuses } from '../../../src/inspector/graph/step-graph.ts';
import { createRandomFlow } from '../../must-hold/random-flow.ts';

/** Steps to draw, and how each stands. */
export interface StepsExample {
  readonly name: string;
  readonly steps: readonly GraphStep[];
  readonly states: readonly (readonly [string, StepState])[];
}

const examples = resolve(import.meta.dirname, '../../../docs/examples');

/** A made-up moment: what is upstream has got further. */
function inventStates(steps: readonly GraphStep[], random: Random): [string, StepState][] {
  return steps.map(({ id, forEach, maxAttempts, condition }, place): [string, StepState] => {
    const early = random.next() > (place / steps.length) * 1.2;
    const status: StepStatus = early ? 'completed' : (stepStatuses[Math.floor(random.next() * stepStatuses.length)] as StepStatus);
    const began = status !== 'pending' && status !== 'skipped';
    const total = 1 + Math.floor(random.next() * 9);
    const settled = status === 'completed' ? total : Math.floor(random.next() * total);
    return [id, {
      status,
      ...(began && { attempt: 1 + Math.floor(random.next() * maxAttempts), durationMs: Math.floor(Math.exp(random.next() * 12)) }),
      ...(status === 'skipped' && { note: condition === undefined ? 'upstream failed' : 'condition' }),
      ...(forEach && began && { items: { completed: settled, ...(status !== 'completed' && { running: 1, pending: total - settled - 1 }) } }),
    }];
  });
}

const toExample = (name: string, steps: readonly GraphStep[], seed: number): StepsExample => ({ name, steps, states: inventStates(steps, createSeededRandom(seed)) });

/** Every flow among the examples of the docs. */
export async function loadExampleFlows(): Promise<StepsExample[]> {
  const files = [...readdirSync(examples), 'ledger/swap-then-lend.yml'].filter(file => file.endsWith('.yml'));
  const flows = await Promise.all(files.map(file => loadFlow(join(examples, file))));
  return flows.map(({ id, steps }, index) => toExample(id, describeSteps(steps), index + 1));
}

/** A flow of any shape, from a seed. */
export function makeRandomFlow(seed: number): StepsExample {
  const random = createSeededRandom(seed);
  const [source] = createRandomFlow(random, 3 + Math.floor(random.next() * 38), true);
  return toExample(`random flow ${seed}`, describeSteps(defineFlow(source!).steps), seed);
}

/** A flow of so many steps, each after up to three before it. */
export function makeLargeFlow(size: number): StepsExample {
  const random = createSeededRandom(size);
  const parts = ['fetch', 'parse', 'check', 'store', 'notify'];
  const ids = Array.from({ length: size }, (_, index) => `${parts[Math.floor(random.next() * parts.length)]}-${index}`);
  const steps = ids.map((id, index): GraphStep => ({
    id, uses: `tool:${id.split('-')[0]}`, work: 'task', critical: true, always: false, forEach: false, maxAttempts: 1,
    dependsOn: index === 0 ? [] : [...new Set(Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => ids[Math.floor(random.next() * index)]!))],
  }));
  return toExample(`${size} steps`, steps, size);
}

/** What many executions came to, made up. */
export function inventCoverage(steps: readonly GraphStep[]): [string, StepCoverage][] {
  const random = createSeededRandom(steps.length);
  return steps.map(({ id }): [string, StepCoverage] => {
    const runs = random.next() < 0.15 ? 0 : Math.floor(random.next() * 12_000);
    const p50Ms = Math.floor(Math.exp(random.next() * 10));
    return [id, { runs, failures: random.next() < 0.3 ? Math.floor(runs / 40) : 0, p50Ms: runs === 0 ? null : p50Ms, p95Ms: runs === 0 ? null : p50Ms * 3 }];
  });
}
