import type { Changes } from '../../kernel/changes.ts';
import type { Envelope } from './envelope.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';

/** What the host does to the world; called only after a commit. */
export interface Performer {
  /** Carries out what was decided and tells whoever watches. */
  perform(resident: Resident, changes: Changes): void;
  /** An execution is not in memory and a message has arrived for it. */
  wake(executionId: string, envelope: Envelope): void;
  /** Slots are free and flows that could run wait in the store. */
  admitNext(): void;
  /** A flow sleeps until then. */
  sleepUntil(at: number, header: ExecutionHeader): void;
  /** Whether nothing of it may begin here: it leaves memory once nothing of it runs. */
  isPaused(resident: Resident): boolean;
  /** A tick is over. */
  ticked(): void;
  fault(error: Error): void;
}
