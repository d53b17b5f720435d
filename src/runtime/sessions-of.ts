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
