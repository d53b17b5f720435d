import type { Random } from '../../../src/core/ids.ts';
import type { Operation } from './record.ts';

/** What becomes of what was written and not synced, when the power goes. */
export const fates = ['dropped', 'kept', 'random', 'late', 'torn', 'by sector'] as const;
export type Fate = (typeof fates)[number];

const sectorBytes = 512;

/** Contents of one file. */
class File {
  #bytes: Buffer;
  #length: number;

  constructor(bytes = Buffer.alloc(0)) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  apply({ kind, offset, bytes }: Operation): void {
    const end = offset + (bytes?.length ?? 0);
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.bytes, Buffer.alloc(2 * end - this.#length)]);
    if (kind === 'truncate') this.#bytes.fill(0, Math.min(end, this.#length), this.#length);
    this.#length = kind === 'truncate' ? end : Math.max(end, this.#length);
    bytes?.copy(this.#bytes, offset);
  }

  copy(): File {
    return new File(Buffer.from(this.bytes));
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** A disk that has what was synced, and may or may not have the rest. */
export class RecordedDisk {
  readonly #synced = new Map<string, File>();
  readonly #pending = new Map<string, Operation[]>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Goes on by one operation. */
  note(operation: Operation): void {
    const { kind, name } = operation;
    if (kind !== 'sync') {
      const pending = this.#pending.get(name);
      if (pending) pending.push(operation);
      else this.#pending.set(name, [operation]);
      return;
    }
    const pending = this.#pending.get(name);
    // What is synced under no known name is the folder: removals in it are safe from now on.
    if (pending === undefined && !this.#synced.has(name)) return this.#syncRemovals();
    this.#settle(name, pending ?? []);
    this.#pending.set(name, []);
  }

  #syncRemovals(): void {
    for (const [name, pending] of this.#pending) {
      const last = pending.findLastIndex(({ kind }) => kind === 'remove');
      if (last < 0) continue;
      this.#synced.delete(name);
      if (last + 1 < pending.length) this.#pending.set(name, pending.slice(last + 1));
      else this.#pending.delete(name);
    }
  }

  #settle(name: string, operations: readonly Operation[]): void {
    const file = applyAll(this.#synced.get(name) ?? new File(), operations);
    if (file) this.#synced.set(name, file);
    else this.#synced.delete(name);
  }

  /** What is found after the power has gone right now, by file name. */
  cut(fate: Fate): Map<string, Buffer> {
    const found = new Map<string, Buffer>();
    for (const name of new Set([...this.#synced.keys(), ...this.#pending.keys()])) {
      const kept = this.#choose(this.#pending.get(name) ?? [], fate);
      const synced = this.#synced.get(name);
      // A file that was made and never synced may be there, empty, or not.
      if (!synced && kept.length === 0 && this.#random.next() < 0.5) continue;
      const file = applyAll(synced?.copy() ?? new File(), kept);
      if (file) found.set(name, file.bytes);
    }
    return found;
  }

  #choose(pending: readonly Operation[], fate: Fate): Operation[] {
    const isKept = (): boolean => this.#random.next() < 0.5;
    if (fate === 'dropped') return [];
    if (fate === 'kept') return [...pending];
    if (fate === 'random') return pending.filter(isKept);
    if (fate === 'late') return pending.slice(Math.floor(pending.length / 2));
    if (fate === 'by sector') return pending.flatMap(operation => (operation.bytes ? splitSectors(operation).filter(isKept) : isKept() ? [operation] : []));
    const last = pending.at(-1);
    if (!last?.bytes) return [...pending];
    const length = Math.floor((last.bytes.length * this.#random.next()) / sectorBytes) * sectorBytes;
    return [...pending.slice(0, -1), { ...last, bytes: last.bytes.subarray(0, length) }];
  }
}

/** Undefined: it was removed in the end. */
function applyAll(begin: File, operations: readonly Operation[]): File | undefined {
  let file: File | undefined = begin;
  for (const operation of operations) {
    if (operation.kind === 'remove') file = undefined;
    else (file ??= new File()).apply(operation);
  }
  return file;
}

function splitSectors(operation: Operation): Operation[] {
  const bytes = operation.bytes ?? Buffer.alloc(0);
  const sectors: Operation[] = [];
  for (let begin = 0; begin < bytes.length; begin += sectorBytes) sectors.push({ ...operation, offset: operation.offset + begin, bytes: bytes.subarray(begin, begin + sectorBytes) });
  return sectors;
}
