import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreCapability } from '../../../persistence/store-capabilities.ts';
import type { Records, RecordReader } from '../../../persistence/store.ts';
import { testActors } from './actors.ts';
import { testArtifacts } from './artifacts.ts';
import { testCatalog } from './catalog.ts';
import { testRequests } from './requests.ts';
import { testCommit } from './commit.ts';
import { testCommitWith } from './commit-with.ts';
import { testConsolidated } from './consolidated.ts';
import { testDurations } from './durations.ts';
import { testExecutions } from './executions.ts';
import { testFeed } from './feed.ts';
import { testFencing } from './fencing.ts';
import { testInteractions } from './interactions.ts';
import { testIsolations } from './isolations.ts';
import { testGenerations } from './generations.ts';
import { testJournal } from './journal.ts';
import { testOwnership } from './ownership.ts';
import { testPrune } from './prune.ts';
import { testQueues } from './queues.ts';
import { testQueueUpkeep } from './queue-upkeep.ts';
import { testRunnable } from './runnable.ts';
import { testSignals } from './signals.ts';
import { testSteps } from './steps.ts';

/** A store under test, empty and not acquired. */
interface StoreUnderTest {
  readonly store: Records;
  /** The same data again, as another process would open it. */
  reopen(): Records;
  /** As `reopen`, for reading only. */
  read(): RecordReader;
  /** Lets somebody else become the owner behind the store's back. */
  usurp(): void;
}

export interface StoreSuite {
  readonly name: string;
  /** What the store cannot do by its nature; exactly these cases are skipped. */
  readonly lacks?: readonly StoreCapability[];
  setup(): StoreUnderTest;
  teardown?(): void;
}

/** Where a case finds the store that was set up for it. */
export interface Subject {
  current: StoreUnderTest;
}

/** What every store must do. A store ships when all of it passes. */
export function testStore({ name, lacks = [], setup, teardown }: StoreSuite): void {
  describe(name, () => {
    const subject: Partial<Subject> = {};
    beforeEach(() => {
      subject.current = setup();
    });
    afterEach(() => {
      subject.current?.store.close();
      teardown?.();
    });
    const all = [
      testCommit, testCommitWith, testExecutions, testSteps, testJournal, testSignals, testRunnable, testOwnership, testFencing, testPrune, testArtifacts, testInteractions,
      testGenerations, testDurations, testQueues, testQueueUpkeep, testIsolations, testConsolidated, testCatalog, testRequests, testActors, testFeed,
    ];
    it('declares what it cannot do', () => {
      expect(subject.current?.store.lacks ?? []).toEqual(lacks);
    });

    for (const test of all) test(subject as Subject, lacks);
  });
}
