import { expect } from 'vitest';
import type { Runtime, RuntimeOptions } from '../../src/index.ts';
import { createMemoryStore, createRuntime } from '../../src/index.ts';
import type { Server, ServerOptions } from '../../src/server.ts';
import { createServer } from '../../src/server.ts';
import { findMisfits } from './conformance.ts';

export const token = 'test-token-of-32-characters-0000';

export interface OpenServer {
  readonly runtime: Runtime;
  readonly server: Server;
  /** Asks with the token, unless other headers say otherwise. What is answered fits the OpenAPI document. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Reads below `/api/v1`. */
  read<T = Record<string, unknown>>(path: string, status?: number): Promise<T>;
  /** Sends JSON below `/api/v1`. */
  send<T = Record<string, unknown>>(path: string, body?: unknown, status?: number, method?: string): Promise<T>;
  end(): Promise<void>;
}

/** A runtime with a store in memory, and a server of it that has no socket. */
export async function openServer(runtimeOptions: Partial<RuntimeOptions> = {}, options: Partial<ServerOptions> = {}): Promise<OpenServer> {
  const runtime = await createRuntime({ store: createMemoryStore(), ...runtimeOptions });
  const server = createServer(runtime, { auth: { token }, ...options });
  const opened: OpenServer = {
    runtime, server,
    async ask(path, init = {}) {
      const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
      const response = await server.fetch(new Request(`http://localhost${path}`, { ...init, headers }));
      expect(await findMisfits(init.method ?? 'GET', path, response)).toEqual([]);
      return response;
    },
    async read(path, status = 200) {
      const response = await opened.ask(`/api/v1${path}`);
      expect([path, response.status]).toEqual([path, status]);
      return (await response.json()) as never;
    },
    async send(path, body, status = 202, method = 'POST') {
      const response = await opened.ask(`/api/v1${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
      expect([path, response.status, ...(response.status === status ? [] : [await response.clone().text()])]).toEqual([path, status]);
      return (status === 204 ? undefined : await response.json()) as never;
    },
    async end() {
      await server.close();
      await runtime.stop();
    },
  };
  return opened;
}
