import type { Socket } from 'node:net';
import { z } from 'zod';

/** What a process may ask the owner of a database to do. One line of JSON each. */
export const brokerRequest = z.discriminatedUnion('command', [
  z.strictObject({ id: z.int(), command: z.literal('signal'), executionId: z.string(), name: z.string(), payload: z.unknown(), force: z.boolean().optional() }),
  z.strictObject({ id: z.int(), command: z.literal('cancel'), executionId: z.string(), message: z.string().optional() }),
  z.strictObject({ id: z.int(), command: z.literal('retry'), executionId: z.string(), steps: z.array(z.string()), cascade: z.boolean() }),
  z.strictObject({ id: z.int(), command: z.literal('actor.send'), address: z.string(), event: z.looseObject({ type: z.string() }) }),
  z.strictObject({ id: z.int(), command: z.literal('actor.stop'), address: z.string() }),
  /** Deletes settled executions: all that settled before, or only those named. */
  z.strictObject({ id: z.int(), command: z.literal('prune'), settledBefore: z.number(), executionIds: z.array(z.string()).optional(), limit: z.int().min(1).max(10_000) }),
  /** For the queues, which read each of them. */
  z.strictObject({ id: z.int(), command: z.literal('queue'), commands: z.array(z.unknown()).max(100_000) }),
]);

export type BrokerRequest = z.infer<typeof brokerRequest>;

/** The answer to the request with the same id; `id` null: to one that could not be read. */
export const brokerAnswer = z.union([
  z.object({ id: z.int(), result: z.unknown() }),
  z.object({
    id: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).optional() }),
  }),
]);

export type BrokerAnswer = z.infer<typeof brokerAnswer>;

/** What is written in one turn goes to the other process at once: each write would wake it by itself. */
export function writeLine(socket: Socket, value: BrokerRequest | BrokerAnswer | { readonly push: unknown }): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  socket.write(`${JSON.stringify(value)}\n`);
}

/** Takes a socket's text apart into lines. Stops for good at one longer than `maxLength` characters. */
export function readLines(socket: Socket, maxLength: number, onLine: (line: string) => void, onTooLong: () => void): void {
  let rest = '';
  let stopped = false;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    if (stopped) return;
    const lines = text.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    if (rest.length > maxLength || lines.some(line => line.length > maxLength)) {
      stopped = true;
      rest = '';
      return onTooLong();
    }
    for (const line of lines) if (line !== '') onLine(line);
  });
}
