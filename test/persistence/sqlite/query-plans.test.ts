import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import type { SqliteDatabase } from '../../../src/sqlite.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, owner, start } from '../conformance/fixtures.ts';

/** A handle that notes what is prepared on it. */
function record(database: SqliteDatabase): { database: SqliteDatabase; statements: Set<string> } {
  const statements = new Set<string>();
  const recorder = {
    isTransaction: false,
    prepare(sql: string) {
      statements.add(sql);
      return database.prepare(sql);
    },
    exec: (sql: string) => database.exec(sql),
    close: () => database.close(),
  };
  return { database: recorder, statements };
}

/** A statement without what it reads: long, and the same for many. */
const toName = (sql: string): string => sql.replace(/^\s*SELECT.*?\sFROM/s, 'SELECT … FROM').replaceAll(/\s+/g, ' ').slice(0, 200);

describe('every statement of the store', () => {
  const { database, statements } = record(openDatabase('node:sqlite', ':memory:', { busyTimeoutMs: 0 }));
  const store = openSqliteStore({ database });
  store.acquire(owner);
  statements.clear();
  store.commit(makeBatch({ executions: [makeExecution(1)], steps: [makeStep(1, 0), makeStep(1, 0, completed)], attempts: [makeAttempt(1, 0)] }));
  store.getDefinition('');
  store.getExecution('');
  store.getExecution('', 2);
  store.listGenerations('');
  store.findByIdempotencyKey('');
  for (const order of ['newest', 'oldest'] as const) {
    for (const after of [{}, { after: 5 }]) {
      store.listExecutions({ order, ...after });
      store.listExecutions({ order, ...after, flowId: '' });
      store.listExecutions({ order, ...after, parentId: 'a' });
      store.listExecutions({ order, ...after, status: ['scored', 'failed'] });
    }
  }
  store.countExecutions();
  store.listSteps(1);
  store.listResults(1);
  store.listAttempts(1);
  store.listInputs(1);
  store.getConsolidated(1);
  store.getInput(1, 0, 0);
  store.getOutput(1, 0, 0);
  store.listItemOutputs(1, 0);
  store.readJournal(1, 0);
  store.listSignals(1);
  store.listDurations({ flowId: 'flow', before: 2, executions: 1, steps: 1 });
  store.listInterrupted(0, 1);
  store.listDue(start, 1);
  store.listStepping(0, 1);
  store.listCheckpoints(1);
  store.readTrees([1, 2]);
  store.listPending(1);
  store.nextWakeAt(start);
  for (const params of [{}, { name: '' }, { versions: 'all' as const }, { upToKey: 1 }, { after: { name: '', version: 1 } }]) store.artifacts.list({ executionId: '', ...params });
  store.artifacts.get({ executionId: '', name: '' });
  store.artifacts.get({ executionId: '', name: '', version: 1 });
  store.artifacts.count('');
  store.artifacts.count('', 1);
  store.artifacts.readPiece(1, 1, 1);
  store.artifacts.listContents(1);
  store.artifacts.getFolder('');
  store.interactions.list({ executionId: '' });
  store.interactions.list({ executionId: '', position: 1 });
  store.interactions.total('');
  store.interactions.total('', 1);
  store.interactions.listPending(1);
  store.interactions.last('');
  store.catalog.listLabels('');
  store.catalog.listLabelled({ name: '', value: '', limit: 1 });
  store.catalog.listLabelled({ name: '', value: '', limit: 1, after: '' });
  store.catalog.listLabelled({ name: '', value: '', limit: 1, after: '', order: 'oldest' });
  store.catalog.getFlow('');
  store.catalog.listFlows('', 1);
  store.actors.getActor('');
  store.actors.listActors({ limit: 1 });
  store.actors.listActors({ status: 'active', machineId: '', limit: 1, after: '' });
  store.actors.listActorParts('', '', 1);
  store.actors.listDueActors({ wakeAt: 0, actorId: '' }, 1, 1);
  store.actors.nextActorWakeAt(0);
  store.actors.readActorJournal('', 0, 1);
  store.actors.listSettledActors(0, 1);
  store.pruneJournal(start + 10_000, 10);
  store.getFeedState();
  store.readFeed(0, 10);
  store.isolations.get(1);
  store.isolations.listOpen(0, 1);
  store.prune({ settledBefore: start + 10_000 });
  const queries = [...statements].filter(sql => !/^\s*(PRAGMA|BEGIN|COMMIT|SAVEPOINT|RELEASE)/.test(sql)).map(sql => ({ sql, name: toName(sql) }));

  it('is seen here', () => {
    expect(queries.length).toBeGreaterThan(25);
  });

  it.each(queries)('finds its rows by an index, in the order asked for: $name', ({ sql }) => {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(row => (row as { detail: string }).detail);
    // A scan of an index in its own order ends at the limit, or counts all there are.
    const scans = plan.filter(detail => detail.startsWith('SCAN'));
    // Of owners there are few; all others are read up to a limit, or are those that an index was made for.
    const isBounded = sql.endsWith(' LIMIT ?') || sql.includes('INDEXED BY executions_retried') || / FROM owners /.test(sql);
    expect(isBounded ? [] : scans, plan.join('\n')).toEqual([]);
    expect(plan.filter(detail => detail.includes('TEMP B-TREE')), plan.join('\n')).toEqual([]);
  });
});
