/** What the ledger knows of the world: mints, fixed rates, lending pools. Nothing here is asked of anybody. */

export const systemProgram = '11111111111111111111111111111111';
export const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const swapProgram = 'JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4';
export const lendProgram = 'jup3YeL8QhtSx1e253b2FDvsMNC87fDrgQZivbrndc9';

export const solMint = 'So11111111111111111111111111111111111111112';
export const usdcMint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';

export interface Token {
  readonly symbol: string;
  readonly mint: string;
  /** One whole token in its smallest units. */
  readonly unit: number;
}

export const tokens: readonly Token[] = [
  { symbol: 'SOL', mint: solMint, unit: 1_000_000_000 },
  { symbol: 'USDC', mint: usdcMint, unit: 1_000_000 },
];

/** A pool: what is deposited, and the token that stands for a share of it. One share is always worth one unit. */
export interface Pool {
  readonly symbol: string;
  readonly asset: string;
  readonly share: string;
  /** Per cent a year. The ledger has no clock, so nothing accrues. */
  readonly ratePct: number;
}

export const pools: readonly Pool[] = [
  { symbol: 'jlUSDC', asset: usdcMint, share: '9BEcn9aPEmhSPbPQeFGjidRiEKki46fVQDyPpSQXPA2D', ratePct: 7.5 },
  { symbol: 'jlSOL', asset: solMint, share: '2uQsyo1fXXQkDtcpXnLofWy88PxcvnfH2L8FPSE62FVU', ratePct: 4.2 },
];

/** One SOL buys so many USDC, and the other way round. */
export const usdcPerSol = 15;
/** What a transaction costs its payer, lamports. */
export const feeLamports = 5_000;
/** What a token account costs whoever opens it, lamports. */
export const rentLamports = 2_039_280;

/** Finds a token by its symbol or mint. */
export function findToken(name: string): Token | undefined {
  return tokens.find(({ symbol, mint }) => mint === name || symbol === name.toUpperCase());
}

/** What so many units of one token buy of another, rounded down; undefined: nobody trades these two. */
export function quote(from: string, to: string, amount: number): number | undefined {
  if (from === solMint && to === usdcMint) return Math.floor((amount * usdcPerSol) / 1_000);
  if (from === usdcMint && to === solMint) return Math.floor((amount * 1_000) / usdcPerSol);
  return undefined;
}
