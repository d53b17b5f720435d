import type { ArtifactRecord, ArtifactWrites, ContentPiece } from '../../../../persistence/artifact-store.ts';
import type { Records } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import type { MutableBatch } from '../../../../persistence/records/empty-batch.ts';
import type { Envelope, Kind, Life, Tick } from '../../../engine/kind.ts';
import { refuse } from '../../../engine/kind.ts';
import type { ArtifactInfo } from './artifact.ts';
import { toArtifactInfo } from './artifact.ts';
import type { Draft, Entry, Origin } from './artifact-ledger.ts';
import { ArtifactLedger } from './artifact-ledger.ts';
import type { OutputFiles } from './output-files.ts';
import { eachArtifact, requireArtifacts } from './read-artifacts.ts';

/** A content that is being written piece by piece. */
export interface Writing {
  content?: number;
}

/** A draft with what there is of its content: its pieces, or where they were written. */
export interface Filled {
  readonly draft: Draft;
  readonly pieces?: readonly Uint8Array[];
  readonly writing?: Writing;
}

type ArtifactCommand =
  | { readonly type: 'piece'; readonly origin: Origin; readonly writing: Writing; readonly number: number; readonly bytes: Uint8Array }
  | { readonly type: 'store'; readonly origin: Origin; readonly filled: Filled }
  | { readonly type: 'close'; readonly origin: Origin; readonly declared: readonly Filled[] }
  | { readonly type: 'discard'; readonly executionKey: number; readonly content: number };

type MutableWrites = { -readonly [Key in keyof ArtifactWrites]: ArtifactWrites[Key][number][] };

const createWrites = (): MutableWrites => ({ stored: [], pieces: [], adopted: [], removed: [], discarded: [], folders: [] });

export interface ArtifactKeeperOptions {
  readonly store: Records;
  readonly files: OutputFiles;
  /** Whether this is the run that its step goes by now. */
  readonly isCurrent: (origin: Origin) => boolean;
}

/** Takes artifacts in: what a run that is current makes joins the tick's commit, anything else is refused. */
export class ArtifactKeeper implements Kind<ArtifactCommand> {
  readonly #options: ArtifactKeeperOptions;
  readonly #ledgers = new Map<number, { readonly loaded: Promise<void>; ledger?: ArtifactLedger }>();
  readonly name = 'artifacts';
  #life: Life | undefined;
  #writes: MutableWrites | undefined;
  /** What this tick has changed beside its writes. */
  readonly #touched = new Map<number, string>();
  #numbered: Writing[] = [];
  /** Whose files are to be written after the commit. */
  #changed: { readonly executionId: string; readonly name: string; readonly folder: string }[] = [];

  constructor(options: ArtifactKeeperOptions) {
    this.#options = options;
  }

  // for the session of a run

  /** To be awaited before anything of an execution is told. */
  async open({ executionKey, executionId }: Origin): Promise<void> {
    let known = this.#ledgers.get(executionKey);
    if (!known) {
      known = { loaded: this.#load(executionKey, executionId) };
      this.#ledgers.set(executionKey, known);
      // The next one tries again.
      known.loaded.catch(() => this.#ledgers.delete(executionKey));
    }
    await known.loaded;
  }

  #post(command: ArtifactCommand): Promise<unknown> {
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime'));
    return this.#life.ask(this, command);
  }

  async #load(executionKey: number, executionId: string): Promise<void> {
    // Begun by a process that died.
    for (const content of await this.#read(executionKey, executionId)) await this.#post({ type: 'discard', executionKey, content });
  }

  /** @returns contents that belong to no artifact */
  async #read(executionKey: number, executionId: string): Promise<readonly number[]> {
    const artifacts = requireArtifacts(this.#options.store);
    const rows: ArtifactRecord[] = [];
    for await (const row of eachArtifact(this.#options.store, executionId, 'all')) rows.push(row);
    const contents = await artifacts.listContents(executionKey);
    const known = new Set(rows.filter(row => row.executionKey === executionKey).map(({ content }) => content));
    const entry = this.#ledgers.get(executionKey);
    if (entry) entry.ledger = new ArtifactLedger(rows, Math.max(0, ...contents, ...known));
    return contents.filter(content => !known.has(content));
  }

  async putPiece(origin: Origin, writing: Writing, number: number, bytes: Uint8Array): Promise<void> {
    await this.#post({ type: 'piece', origin, writing, number, bytes });
  }

  async put(origin: Origin, filled: Filled): Promise<ArtifactInfo> {
    return (await this.#post({ type: 'store', origin, filled })) as ArtifactInfo;
  }

  /** Gives up what was begun; what is left of it after a crash is found when the execution is opened again. */
  discard({ executionKey }: Origin, { content }: Writing): void {
    if (content !== undefined) this.#post({ type: 'discard', executionKey, content }).catch(() => {});
  }

  /** What is to be stored with a step's success. */
  toClose(origin: Origin, declared: readonly Filled[]): Envelope {
    return { kind: this, command: { type: 'close', origin, declared } satisfies ArtifactCommand };
  }

  /** An execution has left memory. */
  forget(executionKey: number): void {
    this.#ledgers.delete(executionKey);
  }

  // the kind

  begin(life: Life): void {
    this.#life = life;
    this.#reset();
  }

  apply(told: ArtifactCommand, tick: Tick): unknown {
    if (told.type === 'discard') {
      this.#open().discarded.push({ executionKey: told.executionKey, content: told.content });
      return undefined;
    }
    const { origin } = told;
    const { ledger } = this.#ledgers.get(origin.executionKey) ?? {};
    if (!ledger || !this.#options.isCurrent(origin)) {
      return refuse(new FlowError('run_superseded', `Expected the run that "${origin.stepId}" goes by, got run ${origin.run}: the step has ended, timed out, or was cancelled. Nothing of it is stored`));
    }
    this.#touched.set(origin.executionKey, origin.executionId);
    if (told.type === 'piece') {
      if (told.writing.content === undefined) this.#numbered.push(told.writing);
      told.writing.content ??= ledger.takeContent();
      this.#open().pieces.push(toPiece(origin.executionKey, told.writing.content, told.number, told.bytes));
      return undefined;
    }
    if (told.type === 'store') return this.#enter(ledger, origin, told.filled, tick.now);
    for (const filled of told.declared) this.#enter(ledger, origin, filled, tick.now);
    this.#remove(ledger.settle(origin));
    return undefined;
  }

  #enter(ledger: ArtifactLedger, origin: Origin, { draft, pieces, writing }: Filled, now: number): ArtifactInfo {
    const writes = this.#open();
    const { row, isNew, removed }: Entry = ledger.enter(origin, draft, writing?.content, now);
    if (isNew) {
      writes.stored.push(row);
      for (const [number, bytes] of (pieces ?? []).entries()) writes.pieces.push(toPiece(row.executionKey, row.content, number, bytes));
    } else {
      writes.adopted.push({ executionId: row.executionId, name: row.name, version: row.version, run: row.run });
      if (writing?.content !== undefined) writes.discarded.push({ executionKey: row.executionKey, content: writing.content });
    }
    this.#remove(removed);
    this.#noteChanged(row);
    return toArtifactInfo(row);
  }

  #remove(rows: readonly ArtifactRecord[]): void {
    if (rows.length === 0) return;
    this.#open().removed.push(...rows);
    for (const row of rows) this.#noteChanged(row);
  }

  #noteChanged({ executionId, name }: ArtifactRecord): void {
    const folder = this.#options.files.folderOf(executionId);
    if (folder !== undefined) this.#changed.push({ executionId, name, folder });
  }

  #open(): MutableWrites {
    return (this.#writes ??= createWrites());
  }

  collect(batch: MutableBatch): boolean {
    if (!this.#writes) return true;
    const { files } = this.#options;
    for (const { executionKey, executionId } of this.#writes.stored) {
      const folder = files.takeUnstored(executionId);
      if (folder !== undefined) this.#writes.folders.push({ executionId, executionKey, folder });
    }
    batch.artifacts = this.#writes;
    return true;
  }

  perform(): void {
    const changed = this.#changed;
    this.#forgetTick();
    for (const { executionId, folder, name } of changed) this.#options.files.note(executionId, folder, name);
  }

  async readBack(): Promise<void> {
    const touched = [...this.#touched];
    for (const { executionId } of this.#writes?.folders ?? []) this.#options.files.keepUnstored(executionId);
    for (const writing of this.#numbered) delete writing.content;
    this.#forgetTick();
    for (const [executionKey, executionId] of touched) await this.#read(executionKey, executionId);
  }

  fail({ refused }: Envelope, error: Error): void {
    refused?.(error);
  }

  halt(how: 'drain' | 'release' | 'end'): void {
    if (how !== 'end') return;
    this.#reset();
    this.#options.files.forget();
  }

  /** Whether every file is written. */
  get idle(): boolean {
    return this.#options.files.idle;
  }

  #reset(): void {
    this.#ledgers.clear();
    this.#forgetTick();
  }

  #forgetTick(): void {
    this.#writes = undefined;
    this.#touched.clear();
    this.#numbered = [];
    this.#changed = [];
  }
}

const toPiece = (executionKey: number, content: number, number: number, bytes: Uint8Array): ContentPiece => ({ executionKey, content, number, bytes });
