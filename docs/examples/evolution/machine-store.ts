import Database from 'better-sqlite3';
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { initialTransition, transition } from 'xstate';

/** What sending an event came to. */
export interface Sent {
  readonly changed: boolean;
  readonly state: string;
  readonly context: unknown;
}

/** Machines and their history in a database of the process's own. */
export class MachineStore {
  readonly database: Database.Database;

  constructor(file: string) {
    this.database = new Database(file);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('synchronous = FULL');
    this.database.exec(`
      CREATE TABLE IF NOT EXISTS machines (machine TEXT, id TEXT, state TEXT NOT NULL, context TEXT NOT NULL, PRIMARY KEY (machine, id));
      CREATE TABLE IF NOT EXISTS moves (number INTEGER PRIMARY KEY, machine TEXT NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL);
    `);
  }

  /**
   * Sends an event; what the machine does not take in its state changes nothing. A machine that is not there yet begins.
   *
   * `within` belongs to the move: it is called when the event has changed something, in the same transaction.
   */
  send(machine: AnyStateMachine, id: string, event: EventObject, within: () => void = () => {}): Sent {
    return this.database.transaction(() => {
      const before = this.#read(machine, id);
      const [after] = before.status === 'active' ? transition(machine, before, event) : [before];
      const context = JSON.stringify(after.context);
      const changed = after.value !== before.value || context !== JSON.stringify(before.context);
      if (changed) {
        this.database.prepare('INSERT INTO machines (machine, id, state, context) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, context = excluded.context').run(machine.id, id, String(after.value), context);
        this.database.prepare('INSERT INTO moves (machine, id, event, state) VALUES (?, ?, ?, ?)').run(machine.id, id, event.type, String(after.value));
        within();
      }
      return { changed, state: String(after.value), context: after.context as unknown };
    })();
  }

  get(machine: AnyStateMachine, id: string): Sent {
    const { value, context } = this.#read(machine, id);
    return { changed: false, state: String(value), context };
  }

  /** The states a machine has been in, in order. */
  listMoves(machine: AnyStateMachine, id: string): string[] {
    return this.database.prepare('SELECT state FROM moves WHERE machine = ? AND id = ? ORDER BY number').pluck().all(machine.id, id) as string[];
  }

  close(): void {
    this.database.close();
  }

  #read(machine: AnyStateMachine, id: string): AnyMachineSnapshot {
    const row = this.database.prepare('SELECT state, context FROM machines WHERE machine = ? AND id = ?').get(machine.id, id) as { state: string; context: string } | undefined;
    if (!row) return initialTransition(machine)[0] as AnyMachineSnapshot;
    return machine.resolveState({ value: row.state, context: JSON.parse(row.context) });
  }
}
