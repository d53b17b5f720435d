import { FlowError } from '../../core/errors.ts';
import type { ActorCheck, StoredActor, StoredActorFilter } from '../../kinds/actors/check-actors.ts';
import { checkActors, readStoredActors } from '../../kinds/actors/check-actors.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { exitCodes } from './exit-codes.ts';
import { loadMachines } from './load-tools.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

/** Actors judged in one go. */
const batchSize = 200;

const verdicts: Readonly<Record<ActorCheck['verdict'], string>> = { same: 'goes on: same machine', fits: 'goes on: what changed is not its concern', migrated: 'goes on: migrated', refused: 'refused' };

/** `actors check`: which stored actors could go on with the machines of a module, and why the others could not. Changes nothing. */
export async function checkActorsCommand(database: string, modulePath: string | undefined, filter: StoredActorFilter, context: CommandContext): Promise<CommandResult> {
  if (modulePath === undefined) throw new FlowError('usage_invalid', 'Expected `flowstone actors check --tools MODULE`, the module that exports the machines, got no --tools');
  const machines = await loadMachines(modulePath, context.cwd);
  // Before a program of this version brings it up to date is when one wants to know.
  const client = openClient(database, context, { outdated: 'read' });
  const { reader } = client;
  const actors: ActorCheck[] = [];
  try {
    let batch: StoredActor[] = [];
    const judge = (): void => {
      actors.push(...checkActors(machines, batch));
      batch = [];
    };
    for await (const stored of readStoredActors(reader, filter)) if (batch.push(stored) === batchSize) judge();
    judge();
  } finally {
    client.close();
  }
  const refused = actors.filter(({ verdict }) => verdict === 'refused').length;
  const text = actors.length === 0 ? `No ${filter.status ?? 'active'} actors${filter.machineId === undefined ? '' : ' of this machine'} in ${database}.\n` : renderChecks(actors, refused, context);
  return { exitCode: refused === 0 ? exitCodes.passed : exitCodes.notPassed, document: { actors, refused, database }, text };
}

function renderChecks(actors: readonly ActorCheck[], refused: number, { stdout, env }: CommandContext): string {
  const palette = createScreenPalette(stdout, env);
  const rows = actors.map(({ actorId, machineId, machineVersion, verdict }) => [toPlainLine(actorId), toPlainLine(machineId), toPlainLine(machineVersion), verdict === 'refused' ? palette.red(verdicts[verdict]) : verdicts[verdict]]);
  // Many are refused for one reason: it is said once, with the first of them.
  const reasons = new Map<string, { readonly message: string; count: number }>();
  for (const { actorId, message } of actors) {
    if (message === null) continue;
    const reason = message.replace(`actor \`${actorId}`, '');
    const known = reasons.get(reason);
    if (known) known.count++;
    else reasons.set(reason, { message, count: 1 });
  }
  const said = [...reasons.values()].map(({ message, count }) => ` ${toPlainLine(message)}${count > 1 ? ` (and ${count - 1} more like it)` : ''}\n`);
  const summary = refused === 0 ? `${actors.length} of ${actors.length} would go on.` : `${actors.length - refused} of ${actors.length} would go on, ${refused} would be refused:`;
  return `${renderTable(['actor', 'machine', 'stored with', 'now'], rows, getColumns(stdout), palette)}\n\n ${summary}\n${said.join('')}`;
}
