import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFlowError } from '../../core/errors.ts';
import type { SqliteExamination } from '../../sqlite.ts';
import { examineDriver, examineSqlite } from '../../sqlite.ts';
import { formatBytes } from '../terminal/made-lines.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { describeWaits, joinWaits } from './describe-wait.ts';
import { exitCodes } from './exit-codes.ts';
import { listUnfinished } from './find-unfinished.ts';
import { createScreenPalette } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';

export interface DoctorCommandOptions {
  readonly db?: string;
}

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

/** Less room than this on the disk is a problem, bytes. */
const leastFreeBytes = 100 * 1_024 ** 2;
const maxShown = 20;

function findFile(database: string): { readonly finding: Finding; readonly found: SqliteExamination | undefined } {
  try {
    const found = examineSqlite(database);
    const { damage, schemaVersion, knownVersion, sqliteVersion } = found;
    const outdated = schemaVersion < knownVersion ? '; the next program that owns it brings it up to date' : '';
    const text = damage.length > 0 ? `damaged: ${damage.join('; ')}` : `sound, schema ${schemaVersion} of ${knownVersion}, SQLite ${sqliteVersion}${outdated}`;
    return { finding: { name: 'file', ok: damage.length === 0 && schemaVersion <= knownVersion, text }, found };
  } catch (error) {
    if (!isFlowError(error)) throw error;
    return { finding: { name: 'file', ok: false, text: error.message }, found: undefined };
  }
}

/** `doctor`: looks at Node.js, SQLite, the database, its owner, the disk, and at what waits for what. Changes nothing. */
export async function doctorCommand(options: DoctorCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  const { driver, nativeProblem } = examineDriver();
  const findings: Finding[] = [
    { name: 'Node.js', ok: true, text: `${process.versions.node}, ${process.platform} ${process.arch}` },
    { name: 'driver', ok: nativeProblem === undefined, text: nativeProblem === undefined ? driver : `${driver}, since better-sqlite3 cannot be loaded: ${nativeProblem}` },
  ];
  const waiting: { readonly executionId: string; readonly flowId: string; readonly status: string; readonly why: string }[] = [];
  let dead = 0;
  if (hasDatabase(database)) {
    const { finding, found } = findFile(database);
    findings.push({ name: 'database', ok: true, text: database }, finding);
    if (finding.ok && found && found.schemaVersion === found.knownVersion) {
      const client = openClient(database, context);
      const { reader } = client;
      try {
        const owner = await reader.getOwner();
        const { bytes, freeBytes } = await reader.getSize();
        findings.push({ name: 'owner', ok: true, text: owner ? `process ${owner.pid} on ${owner.hostname}` : 'none: nothing runs' });
        findings.push({ name: 'size', ok: true, text: `${formatBytes(bytes)}, of which ${formatBytes(freeBytes)} are free` });
        const suggest = createSuggest(context, options);
        for (const record of await listUnfinished(reader)) {
          waiting.push({ executionId: record.executionId, flowId: record.flowId, status: record.status, why: joinWaits(await describeWaits(reader, record, owner, context.cwd, suggest)) });
        }
        for (const { status, count } of await reader.countMessages()) if (status === 'dead') dead += count;
        if (dead > 0) findings.push({ name: 'messages', ok: false, text: `${dead} dead: ${suggest('queue list')}` });
      } finally {
        client.close();
      }
    }
    const { bavail, bsize } = statfsSync(dirname(database));
    findings.push({ name: 'disk', ok: bavail * bsize >= leastFreeBytes, text: `${formatBytes(bavail * bsize)} free` });
  } else {
    findings.push({ name: 'database', ok: true, text: `none at ${database} yet: the first run makes it` });
  }
  const passed = findings.every(({ ok }) => ok);
  const { green, red, dim, symbols } = createScreenPalette(context.stdout, context.env);
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = [
    ...findings.map(({ name, ok, text }) => `${ok ? green(symbols.completed) : red(symbols.failed)} ${name.padEnd(width)}  ${text}`),
    ...(waiting.length > 0 ? ['', `${waiting.length} unfinished:`] : []),
    ...waiting.slice(0, maxShown).flatMap(({ executionId, flowId, status, why }) => [`  ${executionId}  ${flowId}  ${status}`, `    ${dim(why)}`]),
    ...(waiting.length > maxShown ? [`  and ${waiting.length - maxShown} more`] : []),
    '',
  ];
  return {
    exitCode: passed ? exitCodes.passed : exitCodes.notPassed,
    document: { passed, findings: findings.map(({ name, ok, text }) => ({ name, ok, text })), waiting, deadMessages: dead, database },
    text: lines.join('\n'),
  };
}
