import type { ExecutionRecord } from '../../persistence/records.ts';
import { openRecords } from '../../persistence/records/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { BelievedTime } from '../core/believed-time.ts';
import { FlowError, isFlowError, quietly } from '../core/errors.ts';
import { requireDebugOptions } from '../debugger/debug-options.ts';
import { Debugger } from '../debugger/debugger.ts';
import { createRedactor } from '../core/redact.ts';
import { isolate } from '../isolation/isolate.ts';
import { builtInTools } from '../tools/built-in.ts';
import type { Runtime, RuntimeOptions } from './api.ts';
import type { Execution, ExecutionDetails, ExecutionSummary, SettledExecution, StartOptions, TransitionUpdate } from '../kinds/flows/execution-api.ts';
import { allScopes } from '../owner/protocol.ts';
import { ClientSessions } from '../owner/client-sessions.ts';
import type { ListenOptions, SocketServer } from '../owner/socket-server.ts';
import { chooseOwnerAddress, openSocketServer } from '../owner/socket-server.ts';
import { listExecutions } from '../kinds/flows/list-executions.ts';
import { noteParts } from './sessions-of.ts';
import { RequestLog } from './request-log.ts';
import { serveRuntime } from './serve-runtime.ts';
import { requireFilter, requireCallOptions } from '../kinds/flows/check-arguments.ts';
import { Queues } from '../kinds/queues/create-queues.ts';
import { LogTap } from '../core/log-tap.ts';
import { warnWhenForgotten } from '../engine/idle-warning.ts';
import { HostedMachines } from '../kinds/actors/machine-runtime.ts';
import { findConsolidated, loadSession } from '../kinds/flows/consolidation/read-session.ts';
import type { ConsolidatedSession } from '../kinds/flows/consolidation/session.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import { FlowRuntime } from '../kinds/flows/flow-runtime.ts';
import { requireRuntimeOptions } from './known-options.ts';
import type { Machines } from '../kernel/machines.ts';
import { compiledMachines } from '../kernel/machines.ts';
import { Engine } from '../engine/engine.ts';
import { Feed } from '../engine/feed/feed.ts';
import type { FlowInbox } from '../kinds/contract/flow-inbox.ts';
import { createEntryReader } from './feed-entries.ts';
import { openKinds } from './open-kinds.ts';
import { readProgress } from '../kinds/flows/read-progress.ts';
import { readDetails, readSettled, toSummary, toTransitions, recallSettled } from '../kinds/flows/queries.ts';
import { toAddress } from '../core/address.ts';
import { TurnRoom } from '../engine/turn-room.ts';
import { readMade } from '../kinds/flows/read-made.ts';
import type { Ended } from '../kinds/flows/resident.ts';
import { Retention } from '../kinds/flows/retention.ts';
import { watchStore } from '../engine/watch-store.ts';
import type { ResolvedOptions } from '../kinds/flows/resolved-options.ts';
import { createOwner, resolveOptions } from './runtime-options.ts';

const defaultStopMs = 10_000;
/** Room for what surrounds a payload in a request of another process, characters. */
const requestOverhead = 65_536;

/** `createRuntime` of the package, once it is loaded. */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  return createRuntimeOn(compiledMachines, options, (core, resolved) => isolate(core, resolved, options));
}

/** As `createRuntime`, on other machines; for tests. */
export async function createRuntimeOn(machines: Machines, options: RuntimeOptions, extend?: (core: FlowRuntime, resolved: ResolvedOptions) => void): Promise<Runtime> {
  const store = openRecords(requireRuntimeOptions(options).store);
  const resolved = resolveOptions(options, builtInTools);
  const address = chooseOwnerAddress(store.location, options.listen, resolved.logger);
  const owner = createOwner(resolved.clock, address ?? null);
  const believed = new BelievedTime(resolved.clock);
  const engine = new Engine({ ...resolved, store, owner, feed: new Feed(store, createEntryReader(createRedactor(resolved.secrets))) });
  const { progressed, feed } = engine;
  const logs = new LogTap(resolved.logger, resolved.clock);
  const requireRunning = (): void => engine.requireRunning();
  const flows: FlowInbox = { toCommand: (executionId, message) => core.toCommand(executionId, message) };
  const queues = new Queues(options, { ...resolved, store, flows, believed, environment: process.env, requireRunning, progressed });
  const hosted = new HostedMachines(options, { ...resolved, store, flows, progressed });
  const core: FlowRuntime = new FlowRuntime(engine, machines, { ...resolved, logger: logs.logger, publishing: queues, stepMachines: hosted.steps }, options.recover);
  engine.add(queues.participant);
  if (hosted.participant) engine.add(hosted.participant);
  const kinds = openKinds(options.kinds ?? [], { ...resolved, store });
  for (const kind of kinds.all) engine.add(kind);
  for (const flow of options.flows ?? []) core.plans.register(flow);
  extend?.(core, resolved);
  const lastKey = await store.acquire(owner);
  try {
    for (const at of await listLatest(store)) believed.know(at);
    await kinds.create();
    await engine.begin(lastKey);
  } catch (error) {
    // Nobody would ever give it back.
    await store.close();
    throw error;
  }
  const maxLength = resolved.maxOutputBytes + requestOverhead;
  const log = new RequestLog(store);
  const { logger, clock } = resolved;
  const { control, ...debugOptions } = requireDebugOptions(options.debug, process.env['NODE_ENV']);
  let inspector: Debugger | undefined;
  const openDebugger = (): Debugger => (inspector ??= new Debugger({ ...resolved, ...debugOptions, engine }));
  const isHeld = (executionId: string): boolean => inspector?.isHeld(executionId) ?? false;
  const service = serveRuntime({
    core, engine, clock, logs, actors: hosted.reach, log, maxInterruptions: resolved.maxInterruptions, openDebugger, getDebugger: () => inspector,
    logSteering: (method, target) => logger.info({ method, target }, 'a client steers what is held'), queues: queues.createService((method, call, work) => log.once(method, call, work)), toSummary: record => toListed(record),
    toolNames: [...resolved.tools.keys()],
    readDetails: async (executionId, { generation, ...details }) => toDetails(await requireExecution(executionId, generation), details),
  });
  const sessions = new ClientSessions({
    logger, maxLength, service, redact: createRedactor(resolved.secrets),
    admit: () => {
      engine.requireRunning();
      return control ? allScopes : allScopes.filter(scope => scope !== 'debug');
    },
  });
  // What cannot be answered any more is asked again, at whoever goes on.
  const hangUp = (): void => {
    if (engine.status === 'faulted') void sessions.finish('runtime_faulted', 'A commit of the owner failed');
  };
  queues.participant.add({ idle: true, begin: () => {}, drain: () => {}, release: () => {}, end: hangUp });
  const server = address === undefined ? undefined : await listen(engine, options.listen, { address, sessions, logger, maxLength });
  const unwarn = server && warnWhenForgotten(() => core.health().activeFlows > 0 || core.endWatchers.size > 0 || queues.consumers > 0);
  const retention = new Retention({ ...resolved, store, believed, pruneActors: (before, limit) => hosted.prune(before, limit), sweeps: kinds.all.map(kind => (before: number, limit: number) => kind.sweep(before, limit)), mayWrite: () => engine.status === 'running' });
  retention.start();
  const endWatch = watchStore(engine);
  let stopping: Promise<void> | undefined;

  const toDetails = async (record: ExecutionRecord, details?: { readonly items?: boolean | undefined }): Promise<ExecutionDetails> =>
    readDetails(store, await core.plans.load(store, record.digest), record, details);

  /** Whoever waits when the runtime stops finds the store closed; that the runtime has stopped is what to say. */
  const rethrow = (error: unknown): never => {
    if (isFlowError(error, 'store_closed')) requireRunning();
    throw error;
  };

  const toListed = (record: ExecutionRecord): ExecutionSummary =>
    ({ ...toSummary(record, record.settledAt === null ? core.blockedBy(record.executionId) : undefined), ...(isHeld(record.executionId) && { heldBy: 'inspector' as const }) });

  const room = new TurnRoom();
  const requireExecution = async (executionId: string, generation?: number): Promise<ExecutionRecord> => {
    await room.enter();
    return core.requireExecution(executionId, generation);
  };

  const settled = async (executionId: string): Promise<SettledExecution> => {
    for (;;) {
      let unwatch = (): void => {};
      const end = new Promise<Ended | undefined>(resolve => (unwatch = core.endWatchers.watch(executionId, resolve)));
      try {
        let record = core.isActive(executionId) ? undefined : await requireExecution(executionId);
        if (!record?.settledAt) {
          requireRunning();
          const ended = await end;
          if (!ended) requireRunning();
          const recalled = ended && recallSettled(ended, store);
          if (recalled) return recalled;
          record = ended?.record;
        }
        if (record?.settledAt) return await readSettled(store, await core.plans.load(store, record.digest), record);
      } catch (error) {
        rethrow(error);
      } finally {
        unwatch();
      }
    }
  };

  async function* transitions(executionId: string, range: { readonly after?: number } = {}): AsyncGenerator<TransitionUpdate> {
    const { after } = requireCallOptions('runtime.transitions', range);
    await requireExecution(executionId);
    const here = await feed.here();
    const record = await requireExecution(executionId);
    let seq = after ?? record.seq;
    yield { type: 'snapshot', seq: record.seq, execution: await toDetails(record, { items: true }) };
    try {
      while (seq < record.seq) {
        const rows = await store.readJournal(record.key, seq);
        for (const row of rows) {
          for (const transition of toTransitions(executionId, row)) {
            if (transition.seq <= seq) continue;
            seq = transition.seq;
            yield transition;
          }
        }
        if (rows.length === 0) break;
      }
      if (record.settledAt !== null) return;
      for await (const { entries } of feed.follow({ after: here, topics: [`flow:${executionId}`] })) {
        for (const { seq: number, generation, at, address: actor, event, state } of entries) {
          if (generation !== record.generation || number === undefined) continue;
          // What was read above may have been newer than the record.
          if (number > seq) yield { type: 'transition', seq: (seq = number), at, address: actor, event, state };
          if (actor === toAddress(executionId, '') && (state === 'scored' || state === 'failed')) return;
        }
      }
      requireRunning();
    } catch (error) {
      rethrow(error);
    }
  }

  const consolidated = async (executionId: string, which: { readonly generation?: number } = {}): Promise<ConsolidatedSession | undefined> => {
    const { generation } = requireCallOptions('runtime.consolidated', which);
    await requireExecution(executionId);
    const found = await findConsolidated(store, executionId, generation);
    return found && loadSession(store, found.execution, found.row);
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    unwarn?.();
    server?.stopListening();
    endWatch();
    // Both at once: the time for handlers begins with the call.
    await Promise.all([retention.stop(), engine.stop(timeoutMs)]);
    await sessions.finish('owner_stopping', 'The owner of the database stops');
  };

  const toExecution = (executionId: string, created: boolean): Execution => ({
    executionId,
    created,
    get: async (what = {}) => {
      const { generation, ...details } = requireCallOptions('execution.get', what);
      return toDetails(await requireExecution(executionId, generation), details);
    },
    progress: async () => {
      const record = await requireExecution(executionId);
      return readProgress(store, await core.plans.load(store, record.digest), record, resolved.clock.now());
    },
    settled: () => quietly(settled(executionId)),
    consolidated: generation => consolidated(executionId, generation),
    signal: async (name, payload = null, how = {}) => core.signal(executionId, name, payload, requireCallOptions('runtime.signal', how).force),
    cancel: message => core.cancel(executionId, message),
    async retry(what = {}) {
      await core.retry(executionId, requireCallOptions('runtime.retry', what));
    },
    transitions: range => transitions(executionId, range),
  });

  return noteParts({
    get recovered() {
      return core.recovered;
    },
    async start(flow: string | FlowDefinition, startOptions: StartOptions = {}) {
      const flowId = typeof flow === 'object' && flow !== null ? core.plans.requireSame(flow) : flow;
      const { executionId, created } = await core.start(flowId, requireCallOptions('runtime.start', startOptions));
      return toExecution(executionId, created) as never;
    },
    async get(executionId) {
      await requireExecution(executionId);
      return toExecution(executionId, false);
    },
    async list(filter = {}) {
      return (await listExecutions(store, requireFilter(requireCallOptions('runtime.list', filter)))).records.map(toListed);
    },
    signal: async (executionId, name, payload = null, how = {}) => core.signal(executionId, name, payload, requireCallOptions('runtime.signal', how).force),
    cancel: (executionId, message) => core.cancel(executionId, message),
    settled: executionId => quietly(settled(executionId)),
    async retry(executionId, what = {}) {
      await core.retry(executionId, requireCallOptions('runtime.retry', what));
      return toExecution(executionId, false);
    },
    async resume(executionId, how = {}) {
      await core.resume(executionId, requireCallOptions('runtime.resume', how));
      return toExecution(executionId, false);
    },
    send: (kind, command) => kinds.send(kind, command),
    consolidated,
    transitions,
    feed: (how = {}) => feed.follow(requireCallOptions('runtime.feed', how)),
    ...readMade(store, requireExecution),
    publish: (queue, payload, how) => queues.publish(queue, payload, how),
    publishMany: (queue, messages) => queues.publishMany(queue, messages),
    consume: queues.consume,
    ...hosted.api,
    queues: queues.queues,
    get debug() {
      return openDebugger();
    },
    health: () => ({ ...core.health(), ...(inspector && toHeldTargets(inspector)) }),
    restart: () => engine.restart(),
    async stop(how = {}) {
      const { timeoutMs = defaultStopMs } = requireCallOptions('runtime.stop', how);
      if (!(timeoutMs >= 0)) throw new FlowError('option_invalid', `Expected \`timeoutMs\` to be a number ≥ 0, got \`${String(timeoutMs)}\``);
      await (stopping ??= stop(timeoutMs));
    },
  } satisfies Runtime, {
    sessions, service, reader: store, feed, listFlows: () => core.plans.listRegistered(),
    keepOpen: () => unwarn?.(),
    suspend: () => {
      if (engine.status === 'running') core.rest(true);
    },
    resume: () => {
      if (engine.status !== 'running') return;
      core.rest(false);
      engine.due.look();
    },
  });
}

const toHeldTargets = (inspector: Debugger): { readonly heldByInspector?: readonly string[] } => {
  const targets = inspector.held().filter(({ mode }) => mode === 'paused').map(({ target }) => target);
  return targets.length > 0 ? { heldByInspector: targets } : {};
};

/** The latest times that are stored, epoch ms. */
async function listLatest(store: Records): Promise<number[]> {
  const newest = await store.listExecutions({ limit: 1 });
  const { publishedAt } = await store.getQueueMarks();
  return [...newest.map(({ createdAt, settledAt }) => settledAt ?? createdAt), ...(publishedAt > 0 ? [publishedAt] : [])];
}

/** @throws when listening was asked for and cannot be; the store is given back then */
async function listen(engine: Engine, isWanted: boolean | undefined, options: ListenOptions): Promise<SocketServer | undefined> {
  try {
    return await openSocketServer(isWanted, options);
  } catch (error) {
    await engine.stop(0);
    throw error;
  }
}
