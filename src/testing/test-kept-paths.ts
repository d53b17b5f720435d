import type { FlowDefinition } from '../definition/schema.ts';
import { proveMutants } from './mutate-flow.ts';
import type { FlowTestOptions, KeptPath, Register } from './test-paths.ts';
import { followPath } from './test-paths.ts';

export interface KeptTestOptions extends Partial<Pick<FlowTestOptions, 'mode' | 'invariants' | 'open'>> {
  readonly test: Register;
  readonly paths: readonly KeptPath[];
  /** Whether one more test changes the flow in every small way and asks that a path notices. Default true. */
  readonly mutants?: boolean;
}

/**
 * Registers a test for each path that was kept, and one that no change of the flow goes unnoticed by them.
 *
 * @example `testKeptPaths(flow, { test: it, paths })`, as `flowstone paths flow.yml --emit vitest` writes it
 */
export function testKeptPaths(definition: FlowDefinition, { test, paths, mutants = true, ...options }: KeptTestOptions): void {
  for (const path of paths) test(path.name, () => followPath(definition, path, options));
  const own = paths.filter(path => 'happens' in path);
  if (mutants && own.length > 0) test('no change of the flow goes unnoticed', async () => void (await proveMutants(definition, own)));
}
