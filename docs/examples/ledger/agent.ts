import type { Instruction } from './instructions.ts';
import { lend, swap, transferSol, transferToken } from './instructions.ts';
import { findTokenAccount, LedgerError, type Accounts } from './ledger.ts';
import { findToken, pools, usdcMint, type Token } from './pools.ts';

/** What the agent makes of a prompt: the tools it would call, and the instructions they come to. */
export interface Decision {
  readonly thought: string;
  readonly calls: readonly { readonly tool: string; readonly input: Readonly<Record<string, unknown>> }[];
  /** One transaction; empty when nothing is to be changed. */
  readonly instructions: readonly Instruction[];
}

/** Whose agent it is. */
export const wallet = 'USER_WALLET_PUBKEY';

interface Rule {
  readonly pattern: RegExp;
  readonly decide: (match: readonly string[], accounts: Accounts) => Decision;
}

const requireToken = (name: string): Token => {
  const token = findToken(name);
  if (!token) throw new LedgerError('token_unknown', `Nobody here knows the token ${name}`);
  return token;
};

const toUnits = (text: string, token: Token): number => Math.round(Number(text) * token.unit);

function swapTokens(amount: string, from: string, to: string): Decision {
  const [sold, bought] = [requireToken(from), requireToken(to)];
  const units = toUnits(amount, sold);
  return {
    thought: `Swap ${amount} ${sold.symbol} for ${bought.symbol}`,
    calls: [{ tool: 'jupiter_swap', input: { wallet_pubkey: wallet, input_token: sold.mint, output_token: bought.mint, amount: units } }],
    instructions: [swap(wallet, sold.mint, bought.mint, units)],
  };
}

function lendTokens(what: 'deposit' | 'withdraw', units: number, mint: string, tool = `jupiter_lend_earn_${what}`): Decision {
  return {
    thought: `${what === 'deposit' ? 'Deposit' : 'Take out'} ${units} of ${mint}`,
    calls: [{ tool, input: { wallet_pubkey: wallet, mint, amount: units } }],
    instructions: [lend(what, wallet, mint, units)],
  };
}

/** All that the wallet has of a mint. */
const holdings = (accounts: Accounts, mint: string): number => accounts[findTokenAccount(accounts, wallet, mint)]?.amount ?? 0;

/** What this agent understands, the more special first. It is a script, and knows nothing else. */
const rules: readonly Rule[] = [
  {
    pattern: /send ([\d.]+) SOL to .*?\(([\w]+)\)/i,
    decide: ([, amount = '', to = '']) => {
      const lamports = toUnits(amount, requireToken('SOL'));
      return { thought: `Send ${amount} SOL`, calls: [{ tool: 'sol_transfer', input: { from: wallet, to, lamports } }], instructions: [transferSol(wallet, to, lamports)] };
    },
  },
  {
    pattern: /send ([\d.]+) (\w+) from my token account \((\w+)\) to .*?\((\w+)\)/i,
    decide: ([, amount = '', symbol = '', from = '', to = '']) => {
      const units = toUnits(amount, requireToken(symbol));
      return { thought: `Send ${amount} ${symbol}`, calls: [{ tool: 'spl_transfer', input: { from, to, authority: wallet, amount: units } }], instructions: [transferToken(from, to, wallet, units)] };
    },
  },
  { pattern: /swap ([\d.]+) (\w+) (?:for|to) (\w+)/i, decide: ([, amount = '', from = '', to = '']) => swapTokens(amount, from, to) },
  { pattern: /deposit all the USDC/i, decide: (_match, accounts) => lendTokens('deposit', holdings(accounts, usdcMint), usdcMint) },
  { pattern: /mint ([\d.]+) (\w+)/i, decide: ([, amount = '', symbol = '']) => lendTokens('deposit', toUnits(amount, requireToken(symbol)), requireToken(symbol).mint, 'jupiter_lend_earn_mint') },
  { pattern: /redeem all my jUSDC/i, decide: (_match, accounts) => lendTokens('withdraw', holdings(accounts, pools.find(({ asset }) => asset === usdcMint)?.share ?? ''), usdcMint, 'jupiter_lend_earn_redeem') },
  { pattern: /(?:deposit|lend) ([\d.]+) (\w+)/i, decide: ([, amount = '', symbol = '']) => lendTokens('deposit', toUnits(amount, requireToken(symbol)), requireToken(symbol).mint) },
  { pattern: /withdraw ([\d.]+) (\w+)/i, decide: ([, amount = '', symbol = '']) => lendTokens('withdraw', toUnits(amount, requireToken(symbol)), requireToken(symbol).mint) },
  {
    pattern: /lending positions/i,
    decide: () => ({ thought: 'Look at positions and earnings', calls: [{ tool: 'get_jupiter_lend_earn_position', input: { user_pubkey: wallet, operation: 'both' } }], instructions: [] }),
  },
];

/**
 * Decides what a prompt asks for. Deterministic: the same prompt and accounts, the same decision.
 *
 * Of a file tagged `partial-score` it gets the instruction's data wrong, on purpose: that file tests how half-right instructions
 * are scored.
 *
 * @throws a `LedgerError` with code `prompt_not_understood`
 */
export function decide(prompt: string, accounts: Accounts, tags: readonly string[]): Decision {
  for (const { pattern, decide: toDecision } of rules) {
    const match = pattern.exec(prompt);
    if (!match) continue;
    const decision = toDecision(match, accounts);
    if (!tags.includes('partial-score')) return decision;
    const instructions = decision.instructions.map(instruction => ({ ...instruction, data: `${instruction.data}1` }));
    return { ...decision, thought: `${decision.thought}, with data that no program can read`, instructions };
  }
  throw new LedgerError('prompt_not_understood', `This agent is a script and has no rule for: ${prompt.slice(0, 200)}`);
}
