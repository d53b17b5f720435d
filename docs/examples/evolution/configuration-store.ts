import type { MachineStore } from './machine-store.ts';
import type { Configuration } from './queues.ts';

const first: Configuration = { timeoutMs: 2_000, cacheSize: 100, model: 'small' };

/** The configuration of one instance: every version is kept, the newest is in force. */
export class ConfigurationStore {
  readonly #store: MachineStore;

  constructor(store: MachineStore) {
    this.#store = store;
    store.database.exec('CREATE TABLE IF NOT EXISTS configurations (version INTEGER PRIMARY KEY, document TEXT NOT NULL, reason TEXT NOT NULL)');
    if (this.version === 0) this.#add(first, 'as installed');
  }

  get version(): number {
    return (this.#store.database.prepare('SELECT max(version) FROM configurations').pluck().get() as number | null) ?? 0;
  }

  get current(): Configuration {
    return this.#read(this.version);
  }

  change(change: { readonly [Key in keyof Configuration]?: Configuration[Key] | undefined }, reason: string): void {
    const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    this.#add({ ...this.current, ...set } as Configuration, reason);
  }

  /** Makes an earlier version the newest again. */
  restore(version: number, reason: string): void {
    this.#add(this.#read(version), reason);
  }

  #read(version: number): Configuration {
    return JSON.parse(this.#store.database.prepare('SELECT document FROM configurations WHERE version = ?').pluck().get(version) as string) as Configuration;
  }

  #add(document: Configuration, reason: string): void {
    this.#store.database.prepare('INSERT INTO configurations (document, reason) VALUES (?, ?)').run(JSON.stringify(document), reason);
  }
}
