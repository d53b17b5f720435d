import type { Measurements } from './trial.ts';

/** Time and processor time of one of so many, µs. */
export async function measureEach(count: number, work: () => unknown): Promise<{ readonly eventUs: number; readonly cpuUs: number } & Measurements> {
  const begun = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { eventUs: ((performance.now() - begun) * 1_000) / count, cpuUs: (user + system) / count };
}
