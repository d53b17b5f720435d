import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { FlowCommand } from './flow-commands.ts';
import { toBegin } from './flow-holding.ts';

export interface StandingOptions {
  /** Whether somebody has it stand still: then nothing is done for it that it was not told. */
  readonly isHeld: (executionId: string, path: string, flowId?: string) => boolean;
  readonly post: (command: FlowCommand) => void;
}

/** Executions that stand still, and are not brought into memory for what has come due. */
export class StandingExecutions {
  readonly #options: StandingOptions;
  /** Those that have been told what they would otherwise be brought for. */
  readonly #told = new Set<string>();

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** It begins when it is told so. */
  keepWaiting(executionId: string): void {
    this.#told.add(executionId);
  }

  /** Whether it stands still; what it would be brought for waits with all else that it is to be told. */
  passOver({ executionId, generation, flowId, status }: Pick<ExecutionRecord, 'executionId'> & Partial<ExecutionRecord>): boolean {
    const { isHeld, post } = this.#options;
    if (!isHeld(executionId, executionId, flowId)) return false;
    if (this.#told.has(executionId)) return true;
    this.#told.add(executionId);
    post(status === 'pending' && generation !== undefined ? toBegin(executionId, generation) : { type: 'wake', executionId });
    return true;
  }

  release(executionId: string): void {
    this.#told.delete(executionId);
  }
}
