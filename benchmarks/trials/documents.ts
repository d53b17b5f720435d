import type { Trial } from '../harness/trial.ts';

export interface DocumentsParameters {
  /** Settled executions. */
  readonly plans: number;
  readonly documents: number;
  /** Bytes of one document. */
  readonly bytes: number;
}

/** Asking about executions with large documents. */
export const documents: Trial<DocumentsParameters> = {
  name: 'documents',
  side: 'documents',
  title: 'Listing and opening plans with their documents',
  about:
    'Executions with 109 documents of 70 kB each, 7.6 MB a plan. Listed, opened (`get()`), their documents listed and one of them read, by a process that opens the database anew; medians.',
  measures: [
    { key: 'listMs', label: 'list(), ms', better: 'lower' },
    { key: 'openMs', label: 'get(), ms', better: 'lower' },
    { key: 'artifactsMs', label: 'artifacts.list(), ms', better: 'lower' },
    { key: 'readMs', label: 'one document, ms', better: 'lower' },
    { key: 'megabytesPerSecond', label: 'stored, MB/s', better: 'higher' },
  ],
  cases: size => (size === 'quick' ? [3] : [10, 100]).map(plans => ({ label: `${plans} plans`, parameters: { plans, documents: 109, bytes: 70_000 } })),
};
