import type { ValueCodec } from './encode-value.ts';
import type { Handles } from './freeze-tree.ts';
import type { ActorNews } from './actor-performer.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { TreeInspection } from './tree-inspection.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { ActorReadsOptions } from './actor-reads.ts';

export interface ParticipantOptions extends Omit<ActorReadsOptions, 'isStanding'> {
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
  readonly news: ActorNews;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inspection: TreeInspection | undefined;
  readonly flows: FlowInbox;
  readonly progressed: () => void;
  readonly maxOutputBytes: number;
  readonly maxInterruptions: number;
  /** Waiting actors that stay in memory. */
  readonly maxLoaded: number;
}
