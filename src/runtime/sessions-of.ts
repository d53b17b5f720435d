import type { ClientSessions } from '../owner/client-sessions.ts';

const sessionsOf = new WeakMap<object, ClientSessions>();

/** Notes where clients of a runtime come in, for those of its own process. */
export function noteSessions<Runtime extends object>(runtime: Runtime, sessions: ClientSessions): Runtime {
  sessionsOf.set(runtime, sessions);
  return runtime;
}

export function getSessions(runtime: object): ClientSessions {
  const sessions = sessionsOf.get(runtime);
  if (!sessions) throw new TypeError('Expected a runtime made with createRuntime');
  return sessions;
}
