import { defaultTimeLimitMs } from '../evaluator/evaluation-task.ts';
import { hostname } from 'node:os';
import { silentLogger } from '../core/logger.ts';
import type { OwnerRecord } from '../../persistence/records.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { systemRandom } from '../core/ids.ts';
import { describeValue } from '../core/wording.ts';
import type { RuntimeOptions } from './api.ts';
import type { Consolidator } from '../kinds/flows/consolidation/consolidator.ts';
import type { ResolvedOptions } from '../kinds/flows/resolved-options.ts';
import type { Tool } from '../kinds/flows/tool.ts';

const day = 86_400_000;

/** @throws a `FlowError` with code `option_invalid` */
export function resolveOptions(options: RuntimeOptions, builtIn: readonly Tool[]): ResolvedOptions {
  const { maxActiveFlows = 1_024, maxRunningSteps = 1_024, maxInterruptions = 5, maxOutputBytes = 4 * 1_024 * 1_024 } = options;
  const { keepResidentMs = 1_000, expressionTimeLimitMs = defaultTimeLimitMs, retentionMs = 30 * day, sizeBudgetBytes = 1_024 ** 3, maxArtifactBytes = 256 * 1_024 * 1_024, secrets = [] } = options;
  const { maxFlowDepth = 1_000, maxChildFlows = 10_000 } = options;
  const counts = { maxActiveFlows, maxRunningSteps, maxFlowDepth, maxChildFlows, maxInterruptions, maxOutputBytes, expressionTimeLimitMs, sizeBudgetBytes, maxArtifactBytes };
  for (const [name, value] of Object.entries(counts)) requireInteger(name, value, 1);
  requireInteger('keepResidentMs', keepResidentMs, 0);
  if (retentionMs !== null) requireInteger('retentionMs', retentionMs, 0);
  const tools = new Map<string, Tool>();
  for (const tool of [...builtIn, ...(options.tools ?? [])]) tools.set(requireTool(tool).name, tool);
  return {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: options.logger ?? silentLogger,
    tools,
    consolidators: requireConsolidators(options.consolidators ?? {}),
    ...counts,
    keepResidentMs,
    retentionMs,
    inspect: options.inspect,
    outputDir: options.outputDir,
    models: requireModels(options.models),
    secrets,
  };
}

export function createOwner(clock: Clock, socket: string | null): OwnerRecord {
  return { pid: process.pid, hostname: hostname(), startedAt: clock.now(), socket };
}

function requireInteger(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be an integer ≥ ${least}, got ${describeValue(value)}`);
}

function requireConsolidators(consolidators: { readonly [name: string]: Consolidator }): ReadonlyMap<string, Consolidator> {
  for (const [name, run] of Object.entries(consolidators)) {
    if (typeof run !== 'function') throw new FlowError('option_invalid', `Expected \`consolidators.${name}\` to be a function, got ${describeValue(run)}`);
  }
  return new Map(Object.entries(consolidators));
}

function requireTool(tool: Tool): Tool {
  const { name, run } = (tool ?? {}) as { name?: unknown; run?: unknown };
  if (typeof name === 'string' && name !== '' && typeof run === 'function') return tool;
  throw new FlowError('tool_invalid', `Expected a tool made with \`defineTool\` (\`name\` and \`run\`), got ${describeValue(tool)}`);
}

function requireModels(models: RuntimeOptions['models']): RuntimeOptions['models'] {
  if (models === undefined || typeof models?.generate === 'function') return models;
  throw new FlowError('option_invalid', `Expected \`models\` to be a model client with \`generate\`, got ${describeValue(models)}`);
}
