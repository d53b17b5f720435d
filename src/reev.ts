export type { LoadBenchmarkOptions, LoadedBenchmark, PlanBenchmark } from './benchmark-format/load-benchmark.ts';
export { loadBenchmark } from './benchmark-format/load-benchmark.ts';
export type { ImportResult } from './import/import-runs.ts';
export { importRuns } from './import/import-runs.ts';
export { projectTools } from './tools/project-tools.ts';
