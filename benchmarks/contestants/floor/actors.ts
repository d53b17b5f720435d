import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from 'flowstone/sqlite';
import { createActor } from 'xstate';
import { measureEach } from '../../harness/measure-each.ts';
import type { Run } from '../../harness/trial.ts';
import type { ActorsParameters } from '../../trials/actors.ts';
import { actorMachines } from '../flowstone/actor-machines.ts';
import { spawnActors } from '../flowstone/actors.ts';
import type { Tick } from './record-ticks.ts';
import { spyOn } from './record-ticks.ts';

/** The same machines live, and the rows that Flowstone wrote for them written once more, without anything around either. */
const run: Run<ActorsParameters> = async ({ events, ...parameters }, { directory }) => {
  const { before, measured } = await record(directory, events, parameters);
  const rows = await writeRows(directory, before, measured, events * parameters.atOnce, parameters);
  const live = await runLive(events, parameters);
  return { eventUs: live.eventUs + rows.eventUs, cpuUs: live.cpuUs + rows.cpuUs };
};

export default run;

type Parameters = Omit<ActorsParameters, 'events'>;

/** All commits of a whole run; those before what is measured make the rows that it changes. */
async function record(directory: string, events: number, parameters: Parameters): Promise<{ readonly before: readonly Tick[]; readonly measured: readonly Tick[] }> {
  const database = new Database(join(directory, 'recorded.db'));
  const ticks = spyOn(database);
  const actors = await spawnActors(openSqliteStore({ database, durability: 'process' }), parameters);
  await actors.send(events);
  const warm = ticks.length;
  await actors.send(events);
  await actors.stop();
  database.close();
  return { before: ticks.slice(0, warm), measured: ticks.slice(warm).filter(tick => tick.length > 0) };
}

function writeRows(directory: string, before: readonly Tick[], measured: readonly Tick[], count: number, { durability }: Parameters) {
  const file = join(directory, 'app.db');
  openSqliteStore({ file }).close();
  const database = new Database(file);
  // Adopting the handle sets what Flowstone sets: write-ahead log, synchronous, cache.
  openSqliteStore({ database, ...(durability === 'default' ? {} : { durability }) }).close();
  const statements = new Map<string, Database.Statement>();
  const prepare = (sql: string): Database.Statement => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const write = (ticks: readonly Tick[]): void => {
    for (const tick of ticks) {
      prepare('BEGIN IMMEDIATE').run();
      for (const { sql, values } of tick) if (/\b(actor|journal)/.test(sql)) prepare(sql).run(...values);
      prepare('COMMIT').run();
    }
  };
  write(before);
  return measureEach(count, () => write(measured)).finally(() => database.close());
}

function runLive(events: number, { machine, atOnce }: Parameters) {
  const actors = Array.from({ length: atOnce }, () => createActor(actorMachines[machine]).start());
  const send = (): void => {
    for (let round = 0; round < events; round++) for (const actor of actors) actor.send({ type: 'go' });
  };
  send();
  return measureEach(events * atOnce, send).finally(() => actors.forEach(actor => actor.stop()));
}
