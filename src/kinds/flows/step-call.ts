import type { OwnWrite } from '../../engine/kind.ts';
import type { Logger } from '../../core/logger.ts';
import type { PublishOptions, Queue } from '../contract/publishing.ts';
import type { InteractionAnswer, InteractionRequest } from './interactions/interaction.ts';
import type { Session } from './step-session.ts';
import type { ToolCall } from './tool.ts';

/** What a handler can do in its run. */
export interface CallActions {
  getSignal(): AbortSignal;
  getLogger(): Logger;
  /** What it makes beside its output; made when it is asked for. */
  getSession(): Session;
  onCommit(write: OwnWrite): void;
  publish(queue: Queue | string, payload: unknown, how?: PublishOptions): string;
}

const actionsOf = Symbol('actions');

interface HasActions {
  readonly [actionsOf]: CallActions;
}

const signalProperty: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: HasActions) {
    return this[actionsOf].getSignal();
  },
};

const loggerProperty: PropertyDescriptor = {
  enumerable: true,
  configurable: true,
  get(this: HasActions) {
    return this[actionsOf].getLogger();
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

  constructor(ping: Pick<ToolCall, 'executionId' | 'flowId' | 'stepId' | 'item' | 'attempt' | 'idempotencyKey' | 'input'>, deadline: number | undefined, actions: CallActions) {
    this.executionId = ping.executionId;
    this.flowId = ping.flowId;
    this.stepId = ping.stepId;
    this.item = ping.item;
    this.attempt = ping.attempt;
    this.idempotencyKey = ping.idempotencyKey;
    this.input = ping.input;
    this.deadline = deadline;
    this.onCommit = write => actions.onCommit(write);
    this.artifact = (name, content, given) => actions.getSession().artifact(name, content, given);
    this.artifacts = given => actions.getSession().artifacts(given);
    this.readArtifact = (name, given) => actions.getSession().readArtifact(name, given);
    this.interaction = ((request: InteractionRequest, ask?: () => Promise<InteractionAnswer>) =>
      (ask ? actions.getSession().interact(request, ask) : actions.getSession().interaction(request))) as ToolCall['interaction'];
    this.generate = request => actions.getSession().generate(request, actions.getSignal());
    this.publish = (queue, payload, how) => actions.publish(queue, payload, how);
    Object.defineProperty(this, actionsOf, { value: actions });
    Object.defineProperty(this, 'signal', signalProperty);
    Object.defineProperty(this, 'logger', loggerProperty);
  }
}
