/** The weighted share of completed steps, 0 to 1. With nothing to weigh: 1, as nothing fell short. */
export function computeScore(counts: { readonly weight: number; readonly earned: number }): number {
  return counts.weight === 0 ? 1 : counts.earned / counts.weight;
}
