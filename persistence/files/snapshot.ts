import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorRecord } from '../actor-store.ts';
import type { ArtifactRecord, ContentPiece } from '../artifact-store.ts';
import type { FlowRecord, LabelRecord } from '../catalog-store.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { InteractionRecord } from '../interaction-store.ts';
import type { IsolationRecord } from '../isolation-store.ts';
import { MemoryState } from '../memory/memory-state.ts';
import type { InstanceRecord, MessageKeyRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { AttemptRecord, DefinitionRecord, ExecutionRecord, InputRecord, JournalRecord, SignalRecord, StepRecord } from '../records.ts';
import { getNewestKey } from '../records/execution-reads.ts';
import { getFeedState } from '../records/feed-reads.ts';
import { createBatch } from '../records/empty-batch.ts';
import { listOlderWrites } from '../records/older-rows.ts';
import type { FeedState } from '../feed-store.ts';
import type { FilesTables } from './files-tables.ts';
import { upgradeConsolidated } from './older-consolidated.ts';

/** What 0.3.0 and before kept: lists of records in place of tables. */
interface OlderState {
  readonly epoch: number;
  readonly definitions: DefinitionRecord[];
  readonly executions: ExecutionRecord[];
  readonly steps: StepRecord[];
  readonly attempts: AttemptRecord[];
  readonly inputs: InputRecord[];
  readonly journal: JournalRecord[];
  readonly signals: SignalRecord[];
  readonly artifacts?: ArtifactRecord[];
  readonly pieces?: (Omit<ContentPiece, 'bytes'> & { readonly bytes: string })[];
  readonly folders?: [string, { readonly executionKey: number; readonly folder: string }][];
  readonly interactions?: InteractionRecord[];
  readonly isolations?: IsolationRecord[];
  readonly consolidated?: ConsolidatedRecord[];
  readonly labels?: LabelRecord[];
  readonly flows?: FlowRecord[];
  readonly own: [string, string][];
  readonly queues?: {
    readonly messages: MessageRecord[]; readonly messageKeys: MessageKeyRecord[]; readonly instances: InstanceRecord[]; readonly outbox: OutboxRecord[];
    readonly waiters: MessageWaiterRecord[];
  };
  readonly hosted?: { readonly machines?: ActorMachineRecord[]; readonly actors: ActorRecord[]; readonly parts?: ActorPartRecord[]; readonly journal: ActorJournalRecord[] };
}

/** Puts a snapshot in the place of what the tables hold; says how far its numbers and keys go. */
export function restoreSnapshot(tables: FilesTables, text: string): { readonly head: number; readonly newestKey: number } {
  const stored = JSON.parse(text) as { readonly tables?: unknown };
  if (stored.tables !== undefined) tables.restore(MemoryState.fromText(text));
  else restoreOlder(tables, stored as unknown as OlderState);
  // Tables in memory answer at once.
  return { head: (getFeedState(tables) as FeedState).head, newestKey: getNewestKey(tables) as number };
}

function restoreOlder(tables: FilesTables, older: OlderState): void {
  tables.restore(new MemoryState(new Map(older.own)));
  const { queues, hosted } = older;
  tables.apply(
    listOlderWrites(tables, {
      ...createBatch(),
      definitions: older.definitions,
      executions: older.executions,
      steps: older.steps,
      attempts: older.attempts,
      inputs: older.inputs.filter(({ position }) => position >= 0),
      journal: older.journal,
      signals: { received: older.signals, consumed: [] },
      consolidated: upgradeConsolidated(older.consolidated ?? [], older.executions),
      artifacts: {
        stored: older.artifacts ?? [],
        pieces: (older.pieces ?? []).map(piece => ({ ...piece, bytes: new Uint8Array(Buffer.from(piece.bytes, 'base64')) })),
        folders: (older.folders ?? []).map(([executionId, row]) => ({ executionId, ...row })),
        adopted: [], removed: [], discarded: [],
      },
      interactions: older.interactions ?? [],
      isolations: older.isolations ?? [],
      catalog: { labels: older.labels ?? [], flows: older.flows ?? [] },
      ...(queues && {
        queues: {
          at: 0, published: queues.messages, redriven: [], moved: [], noted: [], messageKeys: queues.messageKeys, instances: { registered: queues.instances, forgotten: [] },
          outbox: { put: queues.outbox, sent: [] }, waiters: { put: queues.waiters, gone: [] },
        },
      }),
      ...(hosted && { actors: { put: hosted.actors, parts: hosted.parts ?? [], machines: hosted.machines ?? [], journal: hosted.journal } }),
    }),
  );
}
