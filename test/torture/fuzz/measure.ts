import { readdirSync, readFileSync } from 'node:fs';
import { isFlowError } from '../../../src/core/errors.ts';
import type { Random } from '../../../src/core/ids.ts';

/** CPU of this thread where Node.js tells it, else of the process, ms. */
export function readThreadCpu(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = threadCpuUsage ? threadCpuUsage.call(process) : process.cpuUsage();
  return (user + system) / 1_000;
}

/** Finds the longest stretch in which this thread did not turn, ms of its CPU; something above it, since it looks now and then only. */
export class Stretches {
  longest = 0;
  #last = readThreadCpu();
  readonly #timer = setInterval(() => this.#look(), 2);

  #look(): void {
    const now = readThreadCpu();
    this.longest = Math.max(this.longest, now - this.#last);
    this.#last = now;
  }

  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.longest;
  }
}

/** CPU of a process, ms, with all its threads; undefined where the system does not tell, or it is gone. */
function readCpu(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** The child processes of this one. */
function listChildren(): number[] {
  try {
    return readdirSync(`/proc/${process.pid}/task`).flatMap(task => readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

/** Measures what the evaluating process spends on a piece of work, ms; undefined: another one took its place meanwhile. */
export async function measureApart<Value>(work: () => Promise<Value>): Promise<{ readonly value: Value; readonly cpuMs: number | undefined }> {
  const [before] = listChildren();
  const begin = before === undefined ? undefined : readCpu(before);
  const value = await work();
  const [after] = listChildren();
  const end = after === undefined ? undefined : readCpu(after);
  return { value, cpuMs: before === after && begin !== undefined && end !== undefined ? end - begin : undefined };
}

/** What came of many inputs: how many of each code, and what should not have come. */
export class Tally {
  readonly codes = new Map<string, number>();
  readonly complaints: string[] = [];

  /** @param input as it is shown when something is wrong */
  note(error: unknown, allowed: RegExp, input: () => string): void {
    const code = error === undefined ? 'taken' : isFlowError(error) ? error.code : `no FlowError: ${String((error as Error)?.stack ?? error).slice(0, 500)}`;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    if (!allowed.test(code)) this.complain(`${code}, of ${input()}`);
  }

  complain(what: string): void {
    if (this.complaints.length < 20) this.complaints.push(what.slice(0, 1_500));
  }

  describe(): string {
    return [...this.codes].toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${count} ${code}`).join(', ');
  }
}

export const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;
export const upTo = (random: Random, most: number): number => Math.floor(random.next() * most);
