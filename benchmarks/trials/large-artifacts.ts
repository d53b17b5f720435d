import type { Trial } from '../harness/trial.ts';

export interface LargeArtifactsParameters {
  readonly artifacts: number;
  /** Bytes of each; streamed. */
  readonly bytes: number;
}

/** Many large documents in one execution. */
export const largeArtifacts: Trial<LargeArtifactsParameters> = {
  name: 'large-artifacts',
  side: 'large-artifacts',
  title: 'Streaming large documents',
  about: 'One execution makes documents of 1 MB each, streamed one after the other. The growth is the most that heap and array buffers had while it ran, above what they had before, garbage collected.',
  measures: [
    { key: 'growthMiB', label: 'growth, MiB', better: 'lower' },
    { key: 'megabytesPerSecond', label: 'stored, MB/s', better: 'higher' },
    { key: 'listMs', label: 'artifacts.list(), ms', better: 'lower' },
    { key: 'readMs', label: 'one document, ms', better: 'lower' },
  ],
  cases: size => (size === 'quick' ? [20] : [100, 1_000]).map(artifacts => ({ label: `${artifacts} of 1 MB`, parameters: { artifacts, bytes: 1_000_000 } })),
};
