import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { computePercentile } from './statistics.ts';

/** A message as every contestant gets it. */
export const makePayload = (number: number): { readonly number: number; readonly text: string } => ({ number, text: 'x'.repeat(80) });

/** Waits until something is so, looking every few ms. */
async function waitUntil(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, 2));
}

/** Processes that wait with everything open until they are told to begin. */
export interface Crew {
  begin(): void;
  dismiss(): Promise<void>;
}

/** Starts processes that print `ready` and begin with the first line they read. */
export async function startCrew(script: string, args: readonly string[], count: number): Promise<Crew> {
  const children = Array.from({ length: count }, () => spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }));
  await Promise.all(children.map(child => new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      if (text.toString().includes('ready')) resolve();
    });
    child.once('exit', code => reject(new Error(`A worker ended with ${code}`)));
  })));
  process.once('exit', () => children.forEach(child => child.kill('SIGKILL')));
  // One that ends early would leave the others, or nobody, to do its work: the run would say nothing, or never end.
  for (const child of children) {
    child.removeAllListeners('exit');
    child.once('exit', (code, signal) => {
      throw new Error(`A worker ended with ${signal ?? code} while there was work`);
    });
  }
  const end = (child: ChildProcess): Promise<void> => new Promise(resolve => {
    child.removeAllListeners('exit');
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
  return {
    begin: () => children.forEach(child => child.stdin.write('go\n')),
    dismiss: async () => void (await Promise.all(children.map(end))),
  };
}

export interface QueueSide {
  /** Resolves when they are stored. */
  readonly publish: (payloads: readonly unknown[]) => unknown;
  /** Begins to handle; resolves when workers are at it. */
  readonly begin: () => unknown;
  /** Whether every one is done, and that is stored. */
  readonly isDone: () => boolean | Promise<boolean>;
}

/** Publishes all, then lets them be handled; counts both. */
export async function driveQueue({ messages, batch }: { readonly messages: number; readonly batch: number }, { publish, begin, isDone }: QueueSide): Promise<{ publishedPerSecond: number; handledPerSecond: number }> {
  const begun = performance.now();
  for (let from = 0; from < messages; from += batch) {
    await publish(Array.from({ length: Math.min(batch, messages - from) }, (_, index) => makePayload(from + index)));
  }
  const published = performance.now();
  await begin();
  await waitUntil(isDone);
  return { publishedPerSecond: (messages * 1_000) / (published - begun), handledPerSecond: (messages * 1_000) / (performance.now() - published) };
}

/** Publishes at a steady rate and measures how long each was on its way. */
export async function driveLatency({ messages, perSecond }: { readonly messages: number; readonly perSecond: number }, publish: (number: number) => unknown, onHandled: (note: (number: number) => void) => void): Promise<{ p50Us: number; p99Us: number }> {
  const sent = new Map<number, number>();
  const took: number[] = [];
  const warmUp = Math.ceil(messages / 5);
  onHandled(number => {
    const at = sent.get(number);
    if (at !== undefined && number >= warmUp) took.push((performance.now() - at) * 1_000);
  });
  for (let number = 0; number < messages + warmUp; number++) {
    const next = performance.now() + 1_000 / perSecond;
    sent.set(number, performance.now());
    await publish(number);
    await new Promise(resolve => setTimeout(resolve, Math.max(0, next - performance.now())));
  }
  await waitUntil(() => took.length >= messages);
  return { p50Us: computePercentile(took, 0.5), p99Us: computePercentile(took, 0.99) };
}
