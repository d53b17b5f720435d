import type { RecordReader } from '../../../persistence/store.ts';
import type { Artifacts, Interactions } from './execution-api.ts';
import { writeFiles } from './artifacts/output-files.ts';
import { listArtifacts, openArtifact } from './artifacts/read-artifacts.ts';
import { requireCallOptions } from './check-arguments.ts';
import { listInteractions, sumInteractions } from './interactions/read-interactions.ts';

/** What executions have made beside their outputs. `require` throws for one that there is not. */
export function readMade(reader: RecordReader, require: (executionId: string) => Promise<unknown>): { readonly artifacts: Artifacts; readonly interactions: Interactions } {
  return {
    artifacts: {
      async list(executionId, options = {}) {
        await require(executionId);
        return listArtifacts(reader, executionId, requireCallOptions('artifacts.list', options));
      },
      async get(executionId, name, options = {}) {
        const { version } = requireCallOptions('artifacts.get', options);
        await require(executionId);
        return openArtifact(reader, executionId, name, version);
      },
      async writeFiles(executionId, folder) {
        await require(executionId);
        return writeFiles(reader, executionId, folder);
      },
    },
    interactions: {
      async list(executionId, options = {}) {
        await require(executionId);
        return listInteractions(reader, executionId, requireCallOptions('interactions.list', options));
      },
      async totals(executionId) {
        await require(executionId);
        return sumInteractions(reader, executionId);
      },
    },
  };
}
