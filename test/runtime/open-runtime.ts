import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';
import { isAnswerOwed } from '../kit/delayed-store.ts';
import { openRecords } from '../../persistence/records/open-records.ts';

export type Handlers = { readonly [name: string]: (call: ToolCall) => unknown };

/** Tools from plain functions. */
export const toTools = (handlers: Handlers): Tool[] => Object.entries(handlers).map(([name, run]) => ({ name, run: run as Tool['run'] }));

export interface Opened {
  readonly runtime: Runtime;
  readonly clock: SimulatedClock;
  readonly store: Records;
}

/** A runtime over a memory store with a clock that stands still. */
export async function openRuntime(
  flows: FlowSource | readonly FlowSource[],
  handlers: Handlers,
  options: Partial<RuntimeOptions> & { readonly clock?: SimulatedClock } = {},
): Promise<Opened> {
  const clock = options.clock ?? new SimulatedClock();
  const store = options.store ? openRecords(options.store) : createMemoryStore();
  const list = Array.isArray(flows) ? (flows as readonly FlowSource[]) : [flows as FlowSource];
  const runtime = await createRuntime({ random: createSeededRandom(1), ...options, store, clock, flows: list.map(flow => defineFlow(flow)), tools: toTools(handlers) });
  return { runtime, clock, store };
}

/** Lets everything that is ready happen, and so many turns pass after the last answer of a store that answers later; no time passes. */
export async function settleTicks(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn = isAnswerOwed() ? 0 : turn + 1) await new Promise<void>(resolve => setImmediate(resolve));
}

/** Lets things happen until a condition holds, at most so many turns of the event loop. */
export async function until(isTrue: () => boolean, turns = 10_000): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    if (isTrue()) return;
    await new Promise<void>(resolve => setImmediate(resolve));
  }
  throw new Error('The condition did not come true');
}

/** A promise with its ends in hand. */
export function createGate<Value = void>(): { readonly promise: Promise<Value>; readonly open: (value: Value) => void; readonly fail: (error: unknown) => void } {
  let open: (value: Value) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
