import { resolve } from 'node:path';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { writeFiles } from '../../kinds/flows/artifacts/output-files.ts';
import { FlowError } from '../../core/errors.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { gather } from '../read-history.ts';
import { renderExport, requireExportFormat } from '../export/export-format.ts';
import type { ExportSource } from '../export/export-source.ts';
import { writeFileAtomically } from '../export/write-file.ts';
import { renderMade } from '../terminal/made-lines.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution, requireGeneration } from './find-execution.ts';
import { createScreenPalette } from './screen-palette.ts';

export interface ExportCommandOptions {
  readonly format?: string;
  readonly out?: string;
  readonly generation?: number;
  readonly files?: string;
  readonly html?: string;
  readonly db?: string;
}

/** `export`: writes an execution in a format, to a file or to standard output. Never takes ownership. */
export async function exportCommand(id: string, options: ExportCommandOptions, context: CommandContext): Promise<CommandResult> {
  const format = requireExportFormat(options.format ?? 'json');
  const other = (['format', 'out', 'files'] as const).find(name => options.html !== undefined && options[name] !== undefined);
  if (other) throw new FlowError('usage_invalid', `Expected \`--html\` to name the only file that is written, got \`--${other}\` too. Leave one of them out`);
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const client = openClient(database, context);
  const { reader } = client;
  let streams = false;
  try {
    const record = await requireGeneration(reader, await requireExecution(reader, id), options.generation);
    const { executionId, flowId } = record;
    if (options.files !== undefined) return await exportFiles(reader, record, resolve(context.cwd, options.files), database, context);
    const source = { reader, record, plan: await new PlanRegistry().load(reader, record.digest), now: context.clock.now() };
    if (options.html !== undefined) return await exportPage(source, resolve(context.cwd, options.html), database);
    if (options.out !== undefined) {
      const file = resolve(context.cwd, options.out);
      await writeFileAtomically(file, renderExport(format, source));
      return { exitCode: exitCodes.passed, document: { executionId, flowId, format, file, database }, text: `Wrote ${executionId} to ${file}\n` };
    }
    if (context.json) {
      const content = (await gather(renderExport(format, source))).join('');
      return { exitCode: exitCodes.passed, document: { executionId, flowId, format, content: format === 'json' ? JSON.parse(content) as unknown : content, database }, text: '' };
    }
    streams = true;
    return { exitCode: exitCodes.passed, document: null, text: closeAfter(renderExport(format, source), () => client.close()) };
  } finally {
    if (!streams) client.close();
  }
}

/** Writes the inspector's page with the execution in it. */
async function exportPage(source: ExportSource, file: string, database: string): Promise<CommandResult> {
  const { readInspectorFiles, renderInspectorPage } = await import('../export/inspector-page.ts');
  await writeFileAtomically(file, renderInspectorPage(source, readInspectorFiles()));
  const { executionId, flowId } = source.record;
  return { exitCode: exitCodes.passed, document: { executionId, flowId, format: 'inspector', file, database }, text: `Wrote ${executionId} to ${file}\n` };
}

/** Makes the files in a folder what the artifacts are, or were in an earlier life; nothing else in it is touched. */
async function exportFiles(reader: RecordReader, { key, executionId }: ExecutionRecord, folder: string, database: string, { stdout, env }: CommandContext): Promise<CommandResult> {
  const files = await writeFiles(reader, executionId, folder, key);
  const { written, unchanged, failed } = files;
  return {
    exitCode: failed.length === 0 ? exitCodes.passed : exitCodes.couldNotRun,
    document: { executionId, folder, written, unchanged, failed, database },
    text: `${renderMade({ files }, createScreenPalette(stdout, env)).join('\n')}\n  ${written.length} written, ${unchanged} as they were\n`,
  };
}

async function* closeAfter(pieces: AsyncIterable<string>, close: () => void): AsyncGenerator<string> {
  try {
    yield* pieces;
  } finally {
    close();
  }
}
