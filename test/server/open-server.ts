import type { Runtime, RuntimeOptions } from '../../src/index.ts';
import { createMemoryStore, createRuntime } from '../../src/index.ts';
import type { Server, ServerOptions } from '../../src/server.ts';
import { createServer } from '../../src/server.ts';

export const token = 'test-token-of-32-characters-0000';

export interface OpenServer {
  readonly runtime: Runtime;
  readonly server: Server;
  /** Asks with the token, unless other headers say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  end(): Promise<void>;
}

/** A runtime with a store in memory, and a server of it that has no socket. */
export async function openServer(runtimeOptions: Partial<RuntimeOptions> = {}, options: Partial<ServerOptions> = {}): Promise<OpenServer> {
  const runtime = await createRuntime({ store: createMemoryStore(), ...runtimeOptions });
  const server = createServer(runtime, { auth: { token }, ...options });
  return {
    runtime, server,
    ask: (path, init = {}) => server.fetch(new Request(`http://localhost${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) } })),
    async end() {
      await server.close();
      await runtime.stop();
    },
  };
}
