import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RecordReader } from '../../../persistence/store.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { eachArtifact } from '../../kinds/flows/artifacts/read-artifacts.ts';
import { writeFileAtomically } from '../export/write-file.ts';
import { renderStoredReport } from '../report/stored-report.ts';

const fileNames = ['report.html', 'execution-report.html'] as const;

/** Where the report of an execution goes when nobody says: beside its files, under a name that none of them has. */
async function chooseFile(store: RecordReader, executionId: string, outputDir: string | null): Promise<string | undefined> {
  const folder = (await store.artifacts?.getFolder(executionId)) ?? outputDir;
  if (folder === null) return undefined;
  const taken = new Set<string>();
  if (store.artifacts) for await (const { file } of eachArtifact(store, executionId)) if (file !== null) taken.add(file.toLowerCase());
  const name = fileNames.find(known => !taken.has(known));
  return name === undefined ? undefined : join(resolve(folder), name);
}

/** Writes the report of a settled execution to the file asked for, else into its output folder. Returns where; undefined: it has none. */
export async function writeEndReport(store: RecordReader, executionId: string, asked: string | undefined): Promise<string | undefined> {
  const record = await store.getExecution(executionId);
  if (!record || record.settledAt === null) return undefined;
  const plan = await new PlanRegistry().load(store, record.digest);
  const file = asked ?? (await chooseFile(store, executionId, plan.outputDir));
  if (file === undefined) return undefined;
  if (asked === undefined) await mkdir(join(file, '..'), { recursive: true });
  await writeFileAtomically(file, renderStoredReport({ reader: store, plan, record, now: record.settledAt }));
  return file;
}

/** What `--json` says of a report. */
export const toReportDocument = (report: string | undefined): { readonly report?: string } => (report === undefined ? {} : { report });
