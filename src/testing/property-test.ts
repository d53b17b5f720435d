import { FlowError } from '../core/errors.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import { createFlowModel } from './flow-model.ts';
import { walkByChoices } from './random-path.ts';
import { scriptFlow } from './script-flow.ts';
import type { FlowTestOptions } from './test-paths.ts';
import { follow } from './test-paths.ts';

export interface PropertyTestOptions extends Pick<FlowTestOptions, 'invariants' | 'mode' | 'open'> {
  /** Random walks. Default 100. */
  readonly runs?: number;
  /** Repeats a run. Default: a new one each time. */
  readonly seed?: number;
}

/**
 * Walks a flow at random and shrinks what fails to the fewest events.
 *
 * Needs the package fast-check. Checks everything `testPaths` does, and the invariants, after every event.
 *
 * @throws a `FlowError` with code `property_failed`: the seed, and the shortest path that fails; `package_missing` without
 * fast-check
 */
export async function propertyTest(definition: FlowDefinition, options: PropertyTestOptions = {}): Promise<void> {
  const { runs = 100, seed, ...following } = options;
  const { default: fc } = await import('fast-check').catch(error => {
    throw new FlowError('package_missing', 'Expected the package fast-check, which `propertyTest` needs, found none. Install it: npm install --save-dev fast-check', { cause: error });
  });
  const model = createFlowModel(scriptFlow(definition));
  const choices = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(11)), { maxLength: 6 * definition.steps.length + 10 });
  const walk = fc.asyncProperty(choices, async picked => {
    await follow(model, walkByChoices(model, picked), { ...following, outputOf: undefined });
  });
  const result = await fc.check(walk, { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (!result.failed) return;
  const path = walkByChoices(model, result.counterexample?.[0] ?? []);
  const reason = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  throw new FlowError('property_failed', `With seed ${result.seed}, after ${result.numRuns} walks, the shortest that fails: ${path.name}\n${path.events.map(event => JSON.stringify(event)).join('\n')}\n${reason}`, {
    details: { seed: result.seed, events: path.events },
    cause: result.errorInstance,
  });
}
