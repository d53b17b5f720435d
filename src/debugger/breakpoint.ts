import { FlowError } from '../core/errors.ts';
import { parseExpression } from '../definition/expression.ts';
import type { Expression } from '../definition/expression.ts';
import type { ExpressionScope, RecordedValues } from '../definition/plan.ts';
import type { RehearsedEntry } from '../engine/holding.ts';

/** Where executions and actors come to stand: before what it describes happens. All that is given has to hold. */
export interface Breakpoint {
  /** Only this execution, or `actor:<id>`; with all below it. */
  readonly target?: string;
  /** Only executions of this flow, or actors of this machine. */
  readonly flowId?: string;
  /** The state that is about to be entered; of a machine of your own also one above it, as `a` of `a.b`. */
  readonly state?: string;
  /** The type of the event that is about to be taken. */
  readonly event?: string;
  /** The step, by id; of an actor the address below it. */
  readonly step?: string;
  /** Place in the `for_each` list. */
  readonly item?: number;
  /** An event that carries a failure: any, or one with this code. */
  readonly failure?: string | true;
  /** JSONata over `event`, `before`, `after` and `output`. One that throws counts as met, and says so. */
  readonly when?: string;
  /** Whether it is gone once it was met. */
  readonly once?: boolean;
  /** Which time it is met, from 1. Default 1: the first, and from then on every time. */
  readonly hits?: number;
}

/** A breakpoint, and what was met. */
export interface Hit {
  readonly breakpoint: Breakpoint;
  readonly entry: RehearsedEntry;
  /** Its `when` threw, so. */
  readonly problem?: string;
}

/** Most that an expression of a breakpoint may come to, bytes. */
const maxResultBytes = 65_536;

/** A breakpoint that was read. */
export class SetBreakpoint {
  readonly breakpoint: Breakpoint;
  readonly #when: Expression | undefined;
  #hits = 0;

  /** @throws a `FlowError` with code `breakpoint_invalid` */
  constructor(breakpoint: Breakpoint) {
    this.breakpoint = breakpoint;
    const { when, hits = 1, step, item } = breakpoint;
    if (!Number.isSafeInteger(hits) || hits < 1) throw invalid(`Expected \`hits\` to be an integer ≥ 1, got ${String(hits)}`);
    if (item !== undefined && step === undefined) throw invalid('Expected `step` where there is an `item`');
    if (!['state', 'event', 'step', 'failure', 'when'].some(name => name in breakpoint)) throw invalid('Expected one of `state`, `event`, `step`, `failure` and `when`');
    if (when === undefined) return;
    const parsed = parseExpression(when);
    if (!('evaluate' in parsed)) throw invalid(`Expected \`when\` to be a JSONata expression: ${parsed.message}`);
    this.#when = parsed;
  }

  /** Whether it may be met there. @param group undefined: not known */
  concerns(key: string, path: string, group: string | undefined): boolean {
    const { target, flowId } = this.breakpoint;
    if (target !== undefined && target !== key && !path.startsWith(`${target}.`)) return false;
    return flowId === undefined || group === undefined || group === flowId;
  }

  /** Whether one of these is what it waits for. */
  async judge(entries: readonly RehearsedEntry[], recorded: Omit<RecordedValues, 'room' | 'seed'>): Promise<Hit | undefined> {
    for (const entry of entries) {
      if (!this.#fits(entry)) continue;
      const { isMet, problem } = await this.#ask(entry, recorded);
      if (!isMet || ++this.#hits < (this.breakpoint.hits ?? 1)) continue;
      return { breakpoint: this.breakpoint, entry, ...(problem !== undefined && { problem }) };
    }
    return undefined;
  }

  #fits({ address, event, state, states }: RehearsedEntry): boolean {
    const wanted = this.breakpoint;
    if (wanted.event !== undefined && wanted.event !== event.type) return false;
    if (wanted.state !== undefined && wanted.state !== state && !states?.includes(wanted.state)) return false;
    if (wanted.step !== undefined && !isAt(address, wanted.step, wanted.item)) return false;
    if (wanted.failure === undefined) return true;
    const { failure } = event as { readonly failure?: { readonly code?: string } | null };
    return failure !== undefined && failure !== null && (wanted.failure === true || failure.code === wanted.failure);
  }

  async #ask({ event, before, after, output }: RehearsedEntry, recorded: Omit<RecordedValues, 'room' | 'seed'>): Promise<{ readonly isMet: boolean; readonly problem?: string }> {
    if (!this.#when) return { isMet: true };
    try {
      const scope = { event, before: before ?? null, after: after ?? null, output: output === undefined ? null : (JSON.parse(output) as unknown) };
      const value = await this.#when.evaluate(scope as unknown as ExpressionScope, { ...recorded, seed: 'breakpoint', room: { maxBytes: maxResultBytes, used: 0 } });
      return { isMet: value === true };
    } catch (error) {
      return { isMet: true, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** `scan`, and any of its items as `scan[3]`, unless one is asked for. */
function isAt(address: string, step: string, item: number | undefined): boolean {
  if (item !== undefined) return address === `${step}[${item}]`;
  return address === step || address.startsWith(`${step}[`);
}

const invalid = (message: string): FlowError => new FlowError('breakpoint_invalid', message);
