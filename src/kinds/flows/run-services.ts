import type { Records } from '../../../persistence/store.ts';
import { createRedactor } from '../../core/redact.ts';
import { ArtifactKeeper } from './artifacts/artifact-keeper.ts';
import type { Origin } from './artifacts/artifact-ledger.ts';
import { OutputFiles } from './artifacts/output-files.ts';
import type { Host } from './host.ts';
import { InteractionKeeper } from './interactions/interaction-keeper.ts';
import type { Kind } from '../../engine/kind.ts';
import type { RunServices } from './run-session.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { getActor, isFanOut } from '../../kernel/tree.ts';

/** Makes what runs may use beside their outputs, and lets it join the ticks. */
export function createRunServices(store: Records, options: ResolvedOptions, add: (kind: Kind) => void, host: () => Host, progressed: () => void): RunServices {
  const { clock, logger, outputDir, secrets, models } = options;
  const isCurrent = (origin: Origin): boolean => isCurrentRun(host(), origin);
  const files = new OutputFiles({ store, clock, logger, outputDir, progressed });
  const artifacts = new ArtifactKeeper({ store, files, isCurrent });
  const interactions = new InteractionKeeper({ store, isCurrent });
  add(artifacts);
  add(interactions);
  return { ...options, store, artifacts, files, interactions, client: models, redact: createRedactor(secrets) };
}

function isCurrentRun(host: Host, { executionKey, executionId, position, item, run }: Origin): boolean {
  const resident = host.residents.get(executionId);
  if (resident?.header.key !== executionKey) return false;
  const actor = getActor(resident.tree, position, item);
  return actor !== undefined && !isFanOut(actor) && actor.snapshot.value === 'running' && actor.snapshot.context.run === run;
}
