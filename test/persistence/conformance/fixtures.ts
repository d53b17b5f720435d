import type { AttemptRecord, ExecutionRecord, OwnerRecord, StepRecord } from '../../../persistence/records.ts';
import type { CommitBatch } from '../../../persistence/store.ts';

/** Any time; nothing here runs by the clock. */
export const start = 1_767_225_600_000;

export const failure = { code: 'tool_failed', message: 'It broke', retryable: true, details: { status: 503, tags: ['a'] } };

export const owner: OwnerRecord = { pid: process.pid, hostname: 'host', startedAt: start, socket: '/tmp/socket' };

export function makeBatch(parts: Partial<CommitBatch>): CommitBatch {
  return {
    definitions: [], executions: [],
    progress: [], steps: [], attempts: [], inputs: [], journal: [], ...parts,
    signals: { received: [], consumed: [], ...parts.signals },
  };
}

/** Parts of a record of any form, also of one that must not be. */
type Parts<RecordType> = { readonly [Key in keyof RecordType]?: unknown };

/** An execution with work in progress. */
export function makeExecution(key: number, parts: Parts<ExecutionRecord> = {}): ExecutionRecord {
  const base = {
    key,
    executionId: `execution-${key}`,
    generation: 1,
    flowId: 'flow',
    flowVersion: '1.0.0',
    digest: 'digest',
    input: `{"key":${key}}`,
    priority: 0,
    idempotencyKey: null,
    parentId: null,
    parentStep: null,
    context: '{}',
    seq: 0,
    createdAt: start + key,
    status: 'stepping',
    wakeAt: 0,
    startedAt: start + key,
    settledAt: null,
    score: null,
    passed: null,
    failure: null,
  };
  return { ...base, ...parts } as ExecutionRecord;
}

export const pending = { status: 'pending', wakeAt: null, startedAt: null } as const;
export const scored = { status: 'scored', wakeAt: null, settledAt: start + 1000, score: 0.75, passed: true } as const;
export const failed = { status: 'failed', wakeAt: null, settledAt: start + 1000, score: 0, passed: false, failure } as const;

/** A step that runs. */
export function makeStep(executionKey: number, position: number, parts: Parts<StepRecord> = {}): StepRecord {
  const base = {
    executionKey,
    position,
    item: -1,
    stepId: `step-${position}`,
    run: 1,
    attempt: 1,
    interruptions: 0,
    counters: null,
    originKey: null,
    originPosition: null,
    stale: false,
    recovery: null,
    status: 'running',
    dueAt: null,
    runAt: start,
    failure: null,
    startedAt: start,
    settledAt: null,
  };
  return { ...base, ...parts } as StepRecord;
}

export const completed = { status: 'completed', settledAt: start + 5 } as const;

export function makeAttempt(executionKey: number, position: number, parts: Parts<AttemptRecord> = {}): AttemptRecord {
  const base = {
    executionKey, position, item: -1, run: 1, attempt: 1, status: 'completed', startedAt: start, endedAt: start + 5, failure: null, output: '{"ok":true}',
  };
  return { ...base, ...parts } as AttemptRecord;
}
