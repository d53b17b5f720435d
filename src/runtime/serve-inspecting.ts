import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { CoverageCounts } from '../catalog/coverage-counts.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { describeValue } from '../core/wording.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { InspectedActor, InspectedExecution } from '../inspector/document/inspected-execution.ts';
import { readCommits, readInspectedExecution } from '../inspector/document/read-execution.ts';
import { toActorSummary } from '../kinds/actors/actor-summary.ts';
import { readActorView } from '../kinds/actors/read-actor-view.ts';
import { toMessageDetails } from '../kinds/queues/message-details.ts';
import { readQueueStats } from '../kinds/queues/queue-stats.ts';
import { inspectMethods } from '../owner/inspect-methods.ts';
import type { Service } from '../owner/method.ts';
import { serveMethods } from '../owner/method.ts';
import { findMessages } from './find-messages.ts';

/** Longest value that is told whole, characters of JSON. */
const maxLength = 65_536;
const [defaultLimit, defaultCommits, maxActorEvents] = [100, 5_000, 500];

export interface InspectingSource {
  readonly store: RecordReader;
  readonly clock: Clock;
  /** @throws a `FlowError` with code `execution_not_found` */
  readonly requireExecution: (executionId: string, generation: number | undefined) => Promise<ExecutionRecord>;
  readonly loadPlan: (record: ExecutionRecord) => Promise<FlowPlan>;
  /** Those that can be started. */
  readonly listFlows: () => readonly FlowDefinition[];
  readonly maxInterruptions: number;
}

/** A flow that can be started. */
interface StartableFlow {
  readonly id: string;
  readonly version: string;
  readonly description: string | null;
  /** JSON Schema; null: it takes anything. */
  readonly input: unknown;
}

const toStartable = ({ id, version, description, input }: FlowDefinition): StartableFlow =>
  ({ id, version, description: description ?? null, input: input ?? null });

/** Leaves out what is undefined. */
const given = <Options extends object>(options: Options): { [Name in keyof Options]: Exclude<Options[Name], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Name in keyof Options]: Exclude<Options[Name], undefined> };

/** What a page can ask that looks at what is stored. Secrets are taken out where it is answered. */
export function serveInspecting(source: InspectingSource): Service['methods'] {
  const { store, clock, requireExecution, loadPlan, listFlows, maxInterruptions } = source;
  const counts = new CoverageCounts(store);
  return serveMethods(inspectMethods, {
    inspect: async ({ executionId, generation, journal = true, rows }): Promise<InspectedExecution> => {
      const record = await requireExecution(executionId, generation);
      return readInspectedExecution(store, await loadPlan(record), record, { maxLength, maxInterruptions, rows, withJournal: journal });
    },
    journal: async ({ executionId, generation, after = 0, limit = defaultCommits }) => {
      const { key } = await requireExecution(executionId, generation);
      const commits = await readCommits(store, key, after, limit);
      return { commits, isAll: commits.length < limit };
    },
    flows: () => listFlows().map(toStartable),
    coverage: options => counts.advance(options),
    actors: async ({ limit = defaultLimit, ...options }) => {
      const found = (await store.actors?.listActors({ ...given(options), limit: limit + 1 })) ?? [];
      const actors = found.slice(0, limit);
      return { actors: actors.map(toActorSummary), next: found.length > limit ? (actors.at(-1)?.actorId ?? null) : null };
    },
    actor: async ({ actorId }): Promise<InspectedActor> => {
      const record = await store.actors?.getActor(actorId);
      const view = record && (await readActorView(store, actorId, maxActorEvents));
      if (!record || !view) throw new FlowError('actor_not_found', `Expected the id of an actor, got ${describeValue(actorId)}, which is not in the store`);
      const machine = await store.actors?.getActorMachine(record.machineDigest);
      return { view, structure: machine?.structure ?? null };
    },
    queues: async () => ({ queues: await readQueueStats(store, [], clock.now()) }),
    messages: async ({ limit = defaultLimit, ...options }) => {
      const found = await store.listMessages({ ...given(options), limit: limit + 1 });
      const messages = found.slice(0, limit);
      return { messages: messages.map(toMessageDetails), next: found.length > limit ? (messages.at(-1)?.key ?? null) : null };
    },
    messagesOf: async ({ executionId }) => findMessages(store, executionId),
  });
}
