import { meta } from './0001-meta.ts';
import { executions } from './0002-executions.ts';
import { steps } from './0003-steps.ts';
import { journal } from './0004-journal.ts';
import { artifacts } from './0005-artifacts.ts';
import { generations } from './0006-generations.ts';
import { queues } from './0007-queues.ts';
import { isolations } from './0008-isolations.ts';
import { consolidatedSessions } from './0009-consolidated-sessions.ts';
import { catalog } from './0010-catalog.ts';
import { recovery } from './0011-recovery.ts';
import { actors } from './0012-actors.ts';
import { actorParts } from './0013-actor-parts.ts';
import { messageBlocks } from './0014-message-blocks.ts';
import { actorMachines } from './0015-actor-machines.ts';
import { consolidations } from './0016-consolidations.ts';
import { oneJournal } from './0017-one-journal.ts';
import { journalOfSteps } from './0018-journal-of-steps.ts';
import { messageTurns } from './0019-message-turns.ts';
import { requests } from './0020-requests.ts';

/** A change of the schema. Once released it stays as it is; what comes next gets the next number. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** In the order in which they are applied: the first is number 1. */
export const migrations: readonly Migration[] = [
  { name: 'meta', sql: meta },
  { name: 'executions', sql: executions },
  { name: 'steps', sql: steps },
  { name: 'journal', sql: journal },
  { name: 'artifacts', sql: artifacts },
  { name: 'generations', sql: generations },
  { name: 'queues', sql: queues },
  { name: 'isolations', sql: isolations },
  { name: 'consolidated-sessions', sql: consolidatedSessions },
  { name: 'catalog', sql: catalog },
  { name: 'recovery', sql: recovery },
  { name: 'actors', sql: actors },
  { name: 'actor-parts', sql: actorParts },
  { name: 'message-blocks', sql: messageBlocks },
  { name: 'actor-machines', sql: actorMachines },
  { name: 'consolidations', sql: consolidations },
  { name: 'one-journal', sql: oneJournal },
  { name: 'journal-of-steps', sql: journalOfSteps },
  { name: 'message-turns', sql: messageTurns },
  { name: 'requests', sql: requests },
];
