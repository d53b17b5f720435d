import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isFlowError } from '../../core/errors.ts';
import { openInspector } from '../../inspector-server/open-inspector.ts';
import type { SqliteRecordReader } from '../../open-records.ts';
import { openSqliteReader, openSqliteStore } from '../../open-records.ts';
import { createClient } from '../../runtime/create-client.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { listenForStop } from './stop-signals.ts';

export interface InspectCommandOptions {
  readonly db?: string;
  readonly port?: number;
}

/** Longest wait for the answer of the owner, ms. */
const commandMs = 10_000;

interface Opened {
  readonly reader: SqliteRecordReader;
  /** It was of an older version: what is looked at is a copy. */
  readonly isCopy: boolean;
  close(): void;
}

/** `inspect`: serves the inspector's page for a database, beside whoever owns it. */
export async function inspectCommand(options: InspectCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { stdout, json } = context;
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const { reader, isCopy, close } = open(database);
  const stopSignals = listenForStop(process, () => undefined);
  try {
    const isOwned = !isCopy && reader.getOwner()?.socket != null;
    const client = isOwned ? createClient({ read: () => openSqliteReader({ file: database }), timeoutMs: commandMs }) : undefined;
    const inspector = await openInspector({ reader, ...(client && { client }) }, { port: options.port ?? 0 });
    try {
      const role = client ? 'client' : 'reader';
      const how = client ? 'another process owns it: it is asked to do what is to be done' : isCopy ? 'of an older version: a copy that was brought up to date' : 'nobody owns it: it can be looked at';
      stdout.write(json ? `${JSON.stringify({ url: inspector.url, database, role })}\n` : `Inspector: ${inspector.url}\n  database  ${toPlainLine(database)} (${how})\nThe address can be used once, within a minute. Ctrl-C ends it.\n`);
      const stoppedBy = await stopSignals.first;
      return { exitCode: exitCodes.passed, document: { stopped: stoppedBy }, text: 'The inspector has ended\n' };
    } finally {
      await inspector.close();
      client?.close();
    }
  } finally {
    stopSignals.dispose();
    close();
  }
}

/** Nothing is written to the file: one of an older version is looked at through a copy in a temporary folder. */
function open(file: string): Opened {
  try {
    const reader = openSqliteReader({ file });
    return { reader, isCopy: false, close: () => reader.close() };
  } catch (error) {
    if (!isFlowError(error, 'store_outdated')) throw error;
  }
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-inspect-'));
  const copy = join(folder, basename(file));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
    openSqliteStore({ file: copy }).close();
    const reader = openSqliteReader({ file: copy });
    return {
      reader, isCopy: true,
      close() {
        reader.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
