import Database from 'better-sqlite3';
import type { OpenChain } from '../../harness/measure-step.ts';
import { measureStep, toOutput } from '../../harness/measure-step.ts';
import type { Run } from '../../harness/trial.ts';
import type { StepParameters } from '../../trials/step.ts';

/** As long as those of a step that follows another one. Not to be changed: costs of all times are held against it. */
const entries = JSON.stringify([
  ['s11', { type: 'attempt.completed', run: 1 }, 'completed'],
  ['', { type: 'step.settled', status: 'completed', ready: 1, freed: 1 }, 'stepping'],
  ['s12', { type: 'step.start' }, 'running'],
]);

/** Per step one row of its output and one of a journal, tables with rowid, one commit per tick of all flows under way. */
const openFixed: OpenChain = (file, steps) => {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.exec(`
    CREATE TABLE journal (number INTEGER PRIMARY KEY, instance INTEGER NOT NULL, at INTEGER NOT NULL, entries TEXT NOT NULL) STRICT;
    CREATE TABLE runs (id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, position INTEGER NOT NULL, output TEXT NOT NULL) STRICT`);
  const insertEntries = database.prepare('INSERT INTO journal (instance, at, entries) VALUES (?, ?, ?)');
  const insertOutput = database.prepare('INSERT INTO runs (instance, position, output) VALUES (?, ?, ?)');
  const tick = database.transaction((instances: readonly number[], position: number) => {
    for (const instance of instances) {
      insertEntries.run(instance, 1_764_537_000_000, entries);
      insertOutput.run(instance, position, JSON.stringify(toOutput()));
    }
  });
  let instance = 0;
  return {
    run(flows, atOnce) {
      for (let begun = 0; begun < flows; begun += atOnce) {
        const together = Array.from({ length: Math.min(atOnce, flows - begun) }, () => ++instance);
        for (let position = 0; position < steps; position++) tick.immediate(together, position);
      }
    },
    stop: () => void database.close(),
  };
};

const run: Run<StepParameters> = (parameters, { directory }) => measureStep(openFixed, parameters, directory);

export default run;
