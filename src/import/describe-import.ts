import { readStored } from '../core/stored-value.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import { isImported } from '../../persistence/records.ts';
import type { ImportedFile, ReportedResult } from './imported-run.ts';

/** Where an imported execution is from, and what its log says of itself; nothing for one that ran here. */
export function describeImport(record: ExecutionRecord): string[] {
  if (!isImported(record)) return [];
  const { importedFrom } = readStored<{ readonly importedFrom: { readonly files: readonly ImportedFile[]; readonly agent?: string; readonly reported: ReportedResult } }>('inputs.input', record.key, record.input);
  const { files, agent, reported } = importedFrom;
  const said = Object.entries(reported).map(([name, value]) => `${name} ${String(value)}`).join(', ');
  return [`from ${files.map(({ file }) => file).join(', ')}${agent === undefined ? '' : `, agent ${agent}`}${said === '' ? '' : `; the log itself says: ${said}`}`];
}
