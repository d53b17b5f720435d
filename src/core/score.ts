/** How something that counts turned out. What was not evaluated is neither a success nor a failure. */
export type Evaluation = 'passed' | 'failed' | 'not_evaluated';

/** One statement about what an execution did, and whether it holds. */
export interface AssertionResult {
  readonly id: string;
  readonly type: string;
  /** 0 or more. */
  readonly weight: number;
  readonly result: Evaluation;
  /** Why it failed or was not evaluated. */
  readonly reason?: string;
  /** Left out where there is nothing to compare with. A long value is only described; so in `actual`. */
  readonly expected?: unknown;
  /** What was found; of `change_…`: the change. */
  readonly actual?: unknown;
}

/** A step as the score sees it. */
export interface ScoredStep {
  readonly id: string;
  /** 0 or more. */
  readonly weight: number;
  readonly result: Evaluation;
  /** Whether its failure costs the whole score. */
  readonly critical: boolean;
}

/** A score and what it was made of. */
export interface Score {
  /** 0 to 1: `earned / possible`, or 0. */
  readonly score: number;
  /** Sum of the weights of what passed. */
  readonly earned: number;
  /** Sum of the weights of what was evaluated. */
  readonly possible: number;
  /** Critical steps that failed: one is enough for the score to be 0. */
  readonly zeroedBy: readonly string[];
  /** Steps and assertions that count neither way. */
  readonly notEvaluated: readonly string[];
}

/**
 * Computes the score of an execution: the weight of what passed as a share of the weight of what was evaluated.
 *
 * A critical step that failed makes it 0, and so does nothing having been evaluated, or nothing of any weight. The order
 * of steps and assertions makes no difference, not even in the last digit.
 */
export function computeScore(steps: readonly ScoredStep[], assertions: readonly Pick<AssertionResult, 'id' | 'weight' | 'result'>[] = []): Score {
  const evaluated: number[] = [];
  const passed: number[] = [];
  const notEvaluated: string[] = [];
  const zeroedBy: string[] = [];
  for (const part of [...steps, ...assertions]) {
    if (part.result === 'not_evaluated') {
      notEvaluated.push(part.id);
      continue;
    }
    evaluated.push(part.weight);
    if (part.result === 'passed') passed.push(part.weight);
    else if ('critical' in part && part.critical) zeroedBy.push(part.id);
  }
  const possible = sumWeights(evaluated);
  const earned = sumWeights(passed);
  return { score: zeroedBy.length > 0 || possible === 0 ? 0 : earned / possible, earned, possible, zeroedBy, notEvaluated };
}

/** The smallest first: sums of decimals depend on their order, this one does not. */
function sumWeights(weights: readonly number[]): number {
  let whole = 0;
  let isWhole = true;
  for (const weight of weights) {
    whole += weight;
    isWhole &&= Number.isSafeInteger(weight);
  }
  // Whole numbers have one sum in any order.
  if (isWhole && Number.isSafeInteger(whole)) return whole;
  return weights.toSorted((a, b) => a - b).reduce((sum, weight) => sum + weight, 0);
}

/**
 * Decides whether an execution that was carried through has passed: its score is at least `minScore`, and no critical
 * step failed. In a lenient flow the score alone decides.
 */
export function decidePassed({ score, zeroedBy }: Pick<Score, 'score' | 'zeroedBy'>, rule: { readonly lenient: boolean; readonly minScore: number }): boolean {
  return (rule.lenient || zeroedBy.length === 0) && score >= rule.minScore;
}
