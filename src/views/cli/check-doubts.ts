import { readFileSync } from 'node:fs';
import { mayBeBenchmark, readBenchmarkText } from '../../benchmark-format/load-benchmark.ts';
import { formatPath } from '../../core/wording.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { Problem } from '../../definition/problem.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { findDoubts } from '../../definition/static-checks.ts';
import { readModulePlace } from './flow-exports.ts';
import { readSource } from './read-source.ts';

/** Finds what a definition says and surely does not mean, with file and line. Such a flow runs all the same. */
export async function checkDoubts(file: string, definition: FlowDefinition): Promise<readonly Problem[]> {
  const text = readModulePlace(file) ? '' : readFileSync(file, 'utf8');
  const benchmark = mayBeBenchmark(text) ? await readBenchmarkText(text, file) : undefined;
  if (benchmark) return benchmark.doubts;
  const findings = findDoubts(compileFlow(definition));
  if (findings.length === 0) return [];
  const source = readSource(file);
  return findings.map(finding => {
    const { code, path, expected, found, message = '' } = finding;
    const place = source ? { ...source.locate(finding), file } : { file, path: formatPath(path) };
    return { code, message, place, expected, found };
  });
}
