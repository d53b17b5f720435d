import { resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import type { ArtifactContent, ArtifactInfo } from '../../kinds/flows/artifacts/artifact.ts';
import { listArtifacts, openArtifact } from '../../kinds/flows/artifacts/read-artifacts.ts';
import { writeFileAtomically } from '../export/write-file.ts';
import { formatDateTime } from '../terminal/durations.ts';
import { formatBytes } from '../terminal/made-lines.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface ArtifactsCommandOptions {
  readonly version?: number;
  readonly versions?: boolean;
  readonly limit?: number;
  readonly out?: string;
  readonly db?: string;
}

/** `artifacts`: lists what an execution has made, or writes one of them out. Never takes ownership. */
export async function artifactsCommand(id: string, name: string | undefined, options: ArtifactsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const client = openClient(database, context);
  const { reader } = client;
  let streams = false;
  try {
    const { executionId } = await requireExecution(reader, id);
    if (name === undefined) {
      if (options.out !== undefined || options.version !== undefined) throw new FlowError('usage_invalid', 'Expected the name of an artifact with --out and --version, got none. All of them as files: flowstone export ID --files DIR');
      const artifacts = await listArtifacts(reader, executionId, { versions: options.versions ? 'all' : 'newest', ...(options.limit !== undefined && { limit: options.limit }) });
      return { exitCode: exitCodes.passed, document: { executionId, artifacts, database }, text: renderList(artifacts, context) };
    }
    if (options.versions) {
      const artifacts = await listArtifacts(reader, executionId, { name, versions: 'all' });
      return { exitCode: exitCodes.passed, document: { executionId, artifacts, database }, text: renderList(artifacts, context) };
    }
    const artifact = await openArtifact(reader, executionId, name, options.version);
    if (options.out !== undefined) {
      const file = resolve(context.cwd, options.out);
      await writeFileAtomically(file, artifact.stream());
      return { exitCode: exitCodes.passed, document: { executionId, artifact: toDocument(artifact), file, database }, text: `Wrote ${toPlainLine(name)} version ${artifact.version}, ${formatBytes(artifact.size)}, to ${file}\n` };
    }
    if (context.json) {
      const isText = artifact.kind !== 'binary';
      const content = isText ? await artifact.text() : Buffer.from(await artifact.bytes()).toString('base64');
      return { exitCode: exitCodes.passed, document: { executionId, artifact: toDocument(artifact), content, encoding: isText ? 'utf-8' : 'base64', database }, text: '' };
    }
    streams = true;
    return { exitCode: exitCodes.passed, document: null, text: closeAfter(artifact.stream(), () => client.close()) };
  } finally {
    if (!streams) client.close();
  }
}

const toDocument = ({ stream: _stream, bytes: _bytes, text: _text, ...info }: ArtifactContent): ArtifactInfo => info;

function renderList(artifacts: readonly ArtifactInfo[], { stdout, env }: CommandContext): string {
  if (artifacts.length === 0) return 'No artifacts so far.\n';
  const rows = artifacts.map(({ name, version, kind, size, stepId, item, createdAt }) => [toPlainLine(name), String(version), kind, formatBytes(size), formatDateTime(createdAt), item === undefined ? stepId : `${stepId}[${item}]`]);
  return `${renderTable(['name', 'version', 'kind', 'size', 'stored', 'step'], rows, getColumns(stdout), createScreenPalette(stdout, env))}\n`;
}

async function* closeAfter(pieces: AsyncIterable<Uint8Array>, close: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } finally {
    close();
  }
}
