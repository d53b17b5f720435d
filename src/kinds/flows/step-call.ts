import type { Logger } from '../../core/logger.ts';
import type { ToolCall } from './tool.ts';

/** What a handler can do in its run; `signal` and `logger` are made when they are asked for. */
export interface Deeds extends Pick<ToolCall, 'onCommit' | 'artifact' | 'artifacts' | 'readArtifact' | 'interaction' | 'generate' | 'publish'> {
  readonly getSignal: () => AbortSignal;
  readonly getLogger: () => Logger;
}

const deedsOf = Symbol('deeds');

interface HasDeeds {
  readonly [deedsOf]: Deeds;
}

const signalProperty: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: HasDeeds) {
    return this[deedsOf].getSignal();
  },
};

const loggerProperty: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: HasDeeds) {
    return this[deedsOf].getLogger();
  },
};

/**
 * What a handler is called with.
 *
 * `signal` and `logger` are getters that all calls share. In an object literal they are made anew for every run, which took
 * 4 µs of some 30 a step costs; on the prototype, `{ ...call }` would lose them.
 */
export class StepCall implements ToolCall {
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  readonly item: number | undefined;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly input: unknown;
  readonly deadline: number | undefined;
  declare readonly signal: AbortSignal;
  declare readonly logger: Logger;
  readonly onCommit: ToolCall['onCommit'];
  readonly artifact: ToolCall['artifact'];
  readonly artifacts: ToolCall['artifacts'];
  readonly readArtifact: ToolCall['readArtifact'];
  readonly interaction: ToolCall['interaction'];
  readonly generate: ToolCall['generate'];
  readonly publish: ToolCall['publish'];

  constructor(ping: Pick<ToolCall, 'executionId' | 'flowId' | 'stepId' | 'item' | 'attempt' | 'idempotencyKey' | 'input'>, deadline: number | undefined, deeds: Deeds) {
    this.executionId = ping.executionId;
    this.flowId = ping.flowId;
    this.stepId = ping.stepId;
    this.item = ping.item;
    this.attempt = ping.attempt;
    this.idempotencyKey = ping.idempotencyKey;
    this.input = ping.input;
    this.deadline = deadline;
    this.onCommit = deeds.onCommit;
    this.artifact = deeds.artifact;
    this.artifacts = deeds.artifacts;
    this.readArtifact = deeds.readArtifact;
    this.interaction = deeds.interaction;
    this.generate = deeds.generate;
    this.publish = deeds.publish;
    Object.defineProperty(this, deedsOf, { value: deeds });
    Object.defineProperty(this, 'signal', signalProperty);
    Object.defineProperty(this, 'logger', loggerProperty);
  }
}
