import { isFlowError } from '../../core/errors.ts';

/** What the program's exit code says. Ended by Ctrl-C it is 130, by SIGTERM 143. */
export const exitCodes = {
  /** Every execution passed, or the command did what it was asked. */
  passed: 0,
  /** An execution ended, but did not pass. */
  notPassed: 1,
  /** The command line, the definition, an input or a tools module is wrong. */
  badUsage: 2,
  /** The store, the disk or Node.js did not play along. */
  couldNotRun: 3,
} as const;

/** Codes of errors that are the caller's to mend; any other means that it could not run. */
const callersMistakes: ReadonlySet<string> = new Set([
  'usage_invalid', 'argument_not_json', 'file_unreadable', 'tools_module_invalid', 'execution_ambiguous', 'execution_not_found', 'machine_unknown',
  'option_invalid', 'step_unknown', 'actor_not_found', 'actor_not_root', 'actor_value_not_json', 'value_not_json', 'value_too_large', 'project_exists', 'backup_exists', 'duration_invalid',
]);
const callersPrefixes = ['benchmark_', 'definition_', 'import_', 'retry_', 'input_', 'flow_', 'tool_', 'signal_', 'idempotency_'];

/** Tells which exit code an error ends the program with. */
export function toExitCode(error: unknown): number {
  if (!isFlowError(error)) return exitCodes.couldNotRun;
  const { code } = error;
  if (code === 'execution_settled' || code === 'execution_unsettled') return exitCodes.notPassed;
  return callersMistakes.has(code) || callersPrefixes.some(prefix => code.startsWith(prefix)) ? exitCodes.badUsage : exitCodes.couldNotRun;
}
