import type { Records } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Neighbours } from './post-following.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { Envelope } from '../../engine/kind.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';

export interface HostOptions extends Neighbours {
  readonly store: Records;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxActiveFlows: number;
  readonly maxInterruptions: number;
  /** A flow that wakes sooner than this stays in memory, ms. */
  readonly keepResidentMs: number;
}

/** What the host does to the world; called only after a commit. */
export interface Performer {
  /** Carries out what was decided and tells whoever watches. */
  performOne(resident: Resident, changes: Changes): void;
  /** An execution is not in memory and a message has arrived for it. */
  wake(executionId: string, envelope: Envelope): void;
  /** One that only waited in memory goes on. */
  roused(executionId: string): void;
  /** Slots are free and flows that could run wait in the store. */
  admitNext(): void;
  /** A flow sleeps until then. */
  sleepUntil(at: number, header: ExecutionHeader): void;
  /** Whether nothing of it may begin here: it leaves memory once nothing of it runs. */
  isPaused(resident: Resident): boolean;
  /** These were not woken for after all: they come once more. */
  takeBack(envelopes: readonly Envelope[]): void;
  /** It cannot go on here. */
  block(executionId: string, failure: StepFailure): void;
}
