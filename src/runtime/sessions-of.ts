import type { RecordReader } from '../../persistence/store.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Feed } from '../engine/feed/feed.ts';
import type { ClientSessions } from '../owner/client-sessions.ts';
import type { RuntimeService } from './serve-runtime.ts';

/** What a runtime is beside its calls, for what stands on it within its own process. */
export interface RuntimeParts {
  /** Where its clients come in. */
  readonly sessions: ClientSessions;
  /** What they can ask for. */
  readonly service: RuntimeService;
  /** The store, to be read. */
  readonly reader: RecordReader;
  readonly feed: Feed;
  /** Flows that can be started. */
  readonly listFlows: () => readonly FlowDefinition[];
  /** It stays open for windows that come and go: nobody has forgotten to stop it. */
  keepOpen(): void;
  /** The machine is about to sleep: nothing that waits begins until `resume`. */
  suspend(): void;
  /** It is awake again: what fell due meanwhile is done now, not when the timer goes. */
  resume(): void;
}

const partsOf = new WeakMap<object, RuntimeParts>();

/** Notes the parts of a runtime, for those of its own process. */
export function noteParts<Runtime extends object>(runtime: Runtime, parts: RuntimeParts): Runtime {
  partsOf.set(runtime, parts);
  return runtime;
}

export function getParts(runtime: object): RuntimeParts {
  const parts = partsOf.get(runtime);
  if (!parts) throw new TypeError('Expected a runtime made with createRuntime');
  return parts;
}

export const getSessions = (runtime: object): ClientSessions => getParts(runtime).sessions;
