import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { StepParameters } from '../trials/step.ts';
import { holdLog, readCommits, readPageOwners } from './read-log.ts';
import type { Measurements } from './trial.ts';

const flowsAtOnce = 64;

/** What every step returns: about 120 bytes. */
export const toOutput = (): unknown => ({ ok: true, v: 'x'.repeat(100) });

/** Flows of a chain on a database file, whoever runs them. */
export interface OpenedChain {
  /** Runs so many flows to their end, so many of them at once. */
  run(flows: number, atOnce: number): Promise<void> | void;
  /** Resolves when nothing is left to be done. */
  stop(): Promise<void> | void;
}

export type OpenChain = (file: string, steps: number) => Promise<OpenedChain> | OpenedChain;

/** Bytes of a database file after a checkpoint. */
function readSize(file: string): number {
  const database = new Database(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(file).size;
}

/** CPU through the end, bytes and pages: all that the trial `step` asks of a contestant. */
export async function measureStep(open: OpenChain, { steps, flows, counted }: StepParameters, directory: string): Promise<Measurements> {
  const warmUp = Math.ceil(flows / 2);
  const empty = join(directory, 'empty.db');
  await (await open(empty, steps)).stop();
  const file = join(directory, 'app.db');
  const chain = await open(file, steps);
  await chain.run(warmUp, flowsAtOnce);
  const before = process.cpuUsage();
  await chain.run(flows, flowsAtOnce);
  await chain.stop();
  const { user, system } = process.cpuUsage(before);
  return {
    cpuUsPerStep: (user + system) / (flows * steps),
    bytesPerStep: (readSize(file) - readSize(empty)) / ((warmUp + flows) * steps),
    pagesPerCommit: await countPages(open, join(directory, 'pages.db'), steps, counted),
    journalOnlyPercent: await countJournalOnly(open, join(directory, 'alone.db')),
  };
}

async function countPages(open: OpenChain, file: string, steps: number, flows: number): Promise<number> {
  const commits = await recordCommits(open, file, steps, chain => chain.run(flows, flowsAtOnce));
  return commits.reduce((sum, pages) => sum + pages.length, 0) / commits.length;
}

/** One flow of 60 steps alone: the share of its commits, without the first and the last, that write to no other table. */
async function countJournalOnly(open: OpenChain, file: string): Promise<number> {
  const commits = (await recordCommits(open, file, 60, chain => chain.run(1, 1))).slice(1, -1);
  const owners = readPageOwners(file);
  const isJournal = (page: number): boolean => (owners.get(page) ?? 'journal') === 'journal';
  return (100 * commits.filter(pages => pages.every(isJournal)).length) / commits.length;
}

async function recordCommits(open: OpenChain, file: string, steps: number, work: (chain: OpenedChain) => Promise<void> | void): Promise<number[][]> {
  const chain = await open(file, steps);
  await chain.run(flowsAtOnce, flowsAtOnce);
  const log = holdLog(file);
  await work(chain);
  const commits = readCommits(file);
  log.release();
  await chain.stop();
  return commits;
}
