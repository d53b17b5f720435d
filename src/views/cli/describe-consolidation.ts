import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { readVerdict } from '../../kinds/flows/consolidation/read-session.ts';
import type { ConsolidationVerdict } from '../../kinds/flows/consolidation/read-session.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { formatReason } from '../terminal/step-line.ts';
import { formatScore } from '../terminal/result-report.ts';

export interface ConsolidationReport {
  readonly document: ConsolidationVerdict;
  readonly lines: readonly string[];
}

const maxNames = 8;

/** Says what an execution came to: the id of its session, the parts of its score, why it could not be consolidated. */
export async function describeConsolidation(reader: RecordReader, execution: ExecutionRecord, palette: Palette): Promise<ConsolidationReport | undefined> {
  const verdict = await readVerdict(reader, execution);
  if (!verdict) return undefined;
  const { error, consolidatedSessionId, status } = verdict;
  return {
    document: verdict,
    lines: [
      `  ${palette.dim('score')}      ${describeScore(verdict)}`,
      ...(error ? [`  ${palette.red(`not consolidated (${status})`)}  ${formatReason(error)}`] : []),
      `  ${palette.dim('session')}    ${consolidatedSessionId}`,
    ],
  };
}

function describeScore({ score, earned, possible, zeroedBy, notEvaluated, consolidator, error, minScore, assertions }: ConsolidationVerdict): string {
  const failed = assertions.filter(({ result }) => result === 'failed').map(({ id }) => id);
  const parts = [
    `${formatScore(earned)} of ${formatScore(possible)} by weight`,
    ...(zeroedBy.length > 0 ? [`0 since ${list(zeroedBy)} failed, which ${zeroedBy.length === 1 ? 'is' : 'are'} critical`] : []),
    ...(failed.length > 0 ? [`assertions failed: ${list(failed)}`] : []),
    ...(notEvaluated.length > 0 ? [`not evaluated: ${list(notEvaluated)}`] : []),
    ...(consolidator !== null && !error ? [`given by ${toPlainLine(consolidator)}`] : []),
    ...(minScore > 0 ? [`at least ${formatScore(minScore)} to pass`] : []),
  ];
  return `${formatScore(score)}: ${parts.join('; ')}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).map(toPlainLine).join(', ');
  return names.length > maxNames ? `${shown} and ${names.length - maxNames} more` : shown;
}
