import { isFlowError } from '../../src/core/errors.ts';
import type { OpenTransaction, Request, Store, StoreSize, Write } from '../contract.ts';
import type { OwnerRecord } from '../records.ts';
import { createClosedError, createCommitFailedError, createNotAcquiredError, createOwnedError, createStaleOwnerError } from '../store-errors.ts';
import type { Row } from '../table.ts';
import { MemoryState } from './memory-state.ts';
import { attemptWrite } from './own-writes.ts';

/** Makes an empty store in memory. Everything in it is gone with the process. */
export function createMemoryStore(): MemoryStore {
  return new MemoryStore(new MemoryState());
}

/** A store that answers from memory. What makes its rows last, if anything does, is for the class on top to say. */
export class MemoryTables implements Store {
  readonly location: string = 'memory';
  protected state: MemoryState;
  readonly #token = {};
  #epoch: number | undefined;
  #closed = false;

  constructor(state: MemoryState) {
    this.state = state;
  }

  read(requests: readonly Request[]): Row[][] {
    this.requireOpen();
    return requests.map(request => this.state.open(request.table).read(request));
  }

  owner(): OwnerRecord | undefined {
    this.requireOpen();
    return this.state.holder?.owner;
  }

  size(): StoreSize {
    this.requireOpen();
    return { bytes: this.state.measure(), freeBytes: 0 };
  }

  close(): void {
    if (this.state.holder?.token === this.#token) this.state.holder = undefined;
    this.#closed = true;
  }

  own(owner: OwnerRecord): void {
    this.requireOpen();
    const { holder } = this.state;
    if (holder && holder.token !== this.#token) throw createOwnedError(this.location, holder.owner);
    this.state.holder = { token: this.#token, owner: { ...owner } };
    this.#epoch = this.state.epoch += 1;
  }

  commit(writes: readonly Write[]): void {
    this.open().commit(writes);
  }

  protected open(): OpenTransaction {
    this.requireOwned();
    const { state } = this;
    if (state.undos) throw createCommitFailedError(this.location, new TypeError('A commit is under way'), 'End the one that is open first.');
    state.undos = [];
    return {
      attempt: write => attemptWrite(state, write),
      rollback: () => state.rollback(),
      commit: writes => {
        try {
          for (const write of writes) state.open(write.shape.table).write(write, undo => state.undos?.push(undo));
          this.persist(writes);
          state.undos = undefined;
        } catch (error) {
          state.rollback();
          if (isFlowError(error)) throw error;
          throw createCommitFailedError(this.location, error, 'The rows break a rule of the store: a fault in whoever made them.');
        }
      },
    };
  }

  compact(): void {
    this.requireOwned();
  }

  /** Called with what was written, before it counts as stored; what it throws takes the writes back. */
  protected persist(_writes: readonly Write[]): void {}

  protected requireOpen(): void {
    if (this.#closed) throw createClosedError(this.location);
  }

  /** @throws a `FlowError` with code `store_not_acquired` or `stale_owner` */
  protected requireOwned(): void {
    this.requireOpen();
    if (this.#epoch === undefined) throw createNotAcquiredError(this.location);
    if (this.#epoch !== this.state.epoch) throw createStaleOwnerError(this.location, this.#epoch, this.state.epoch);
  }
}

/** The store as an executable specification: what every other one must do, without a disk. */
export class MemoryStore extends MemoryTables {
  /** Makes a store from what `toBytes` gave. */
  static fromBytes(bytes: Uint8Array): MemoryStore {
    return new MemoryStore(MemoryState.fromText(new TextDecoder().decode(bytes)));
  }

  /** Everything stored, as JSON in UTF-8. */
  toBytes(): Uint8Array {
    return new TextEncoder().encode(this.state.toText());
  }

  /** Another store with what is stored now, and no owner: what a successor finds after a crash. */
  copy(): MemoryStore {
    return new MemoryStore(this.state.copy());
  }

  /** Opens the same state once more, as a second process would. */
  reopen(): MemoryStore {
    return new MemoryStore(this.state);
  }

  /** Takes the ownership away without telling the owner, as when its lock was lost. */
  evict(): void {
    this.state.holder = undefined;
  }

  begin(): OpenTransaction {
    return this.open();
  }
}
