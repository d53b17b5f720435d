import { defineTool, type Tool } from 'flowstone';
import { z } from 'zod';
import { wallet } from './agent.ts';
import { lend, swap, transferSol, transferToken, type Instruction } from './instructions.ts';
import { findTokenAccount, LedgerError, readAccounts, readState, type Accounts, type History } from './ledger.ts';
import { findToken, pools, tokens, usdcMint, usdcPerSol } from './pools.ts';
import { execute } from './programs.ts';

/** `history: "{% steps %}"`: what the steps before have given. From it the tool knows the accounts. */
const history = z.record(z.string(), z.any()).transform(value => value as History);
const amount = z.number().int().positive();
const address = z.string().min(1);
const user = address.default(wallet);

const toMint = (name: string): string => {
  const token = findToken(name);
  if (!token) throw new LedgerError('token_unknown', `Nobody here knows the token ${name}`);
  return token.mint;
};

/** Makes a tool that carries out one instruction as a transaction. */
function defineMove<Input extends { readonly history: History }>(name: string, description: string, input: z.ZodType<Input>, toInstruction: (input: Input, accounts: Accounts) => Instruction, moved: string): Tool {
  return defineTool({
    name,
    description,
    input,
    run: call => {
      const given = call.input as Input;
      const accounts = readAccounts(given.history);
      const instruction = toInstruction(given, accounts);
      const { entries, moved: [units] } = execute(accounts, [instruction]);
      return { [moved]: units, instructions: [instruction], entries };
    },
  });
}

/** What a wallet has. */
export function readBalance(accounts: Accounts, owner: string) {
  const { lamports } = accounts[owner] ?? {};
  if (lamports === undefined) throw new LedgerError('account_unknown', `There is no account ${owner}`);
  const held = readState(accounts).owners[owner] ?? {};
  return {
    wallet_pubkey: owner,
    sol: { lamports, amount: lamports / 1e9 },
    tokens: Object.entries(held).map(([mint, units]) => ({ mint, symbol: findToken(mint)?.symbol ?? pools.find(({ share }) => share === mint)?.symbol ?? 'unknown', account: findTokenAccount(accounts, owner, mint), amount: units })),
    usdc: { units: held[usdcMint] ?? 0 },
    total_value_usd: (lamports / 1e9) * usdcPerSol + (held[usdcMint] ?? 0) / 1e6,
  };
}

/** What a wallet has lent, and what it earned by it: nothing, since nothing accrues without a clock. */
export function readPositions(accounts: Accounts, owner: string) {
  const held = readState(accounts).owners[owner] ?? {};
  const summary = pools.map(({ symbol, asset, share, ratePct }) => ({
    token: { symbol, mint: share, asset: findToken(asset)?.symbol ?? asset },
    position: { shares: held[share] ?? 0, underlying_assets: held[share] ?? 0 },
    rates: { supply_rate_pct: ratePct },
  }));
  const open = summary.filter(({ position }) => position.shares > 0);
  const total = { raw: 0, decimal: 0 };
  return {
    positions: { total_positions: open.length, summary },
    earnings: { total_positions: open.length, summary: { total_earnings: total }, positions: open.map(({ token }) => ({ position_address: findTokenAccount(accounts, owner, token.mint), earnings: total })) },
  };
}

export const chainTools: readonly Tool[] = [
  defineTool({
    name: 'get_account_balance',
    description: 'What a wallet has',
    input: z.object({ wallet_pubkey: user, history }),
    run: ({ input }) => readBalance(readAccounts(input.history), input.wallet_pubkey),
  }),
  defineTool({
    name: 'get_jupiter_lend_earn_tokens',
    description: 'The lending pools and their rates',
    run: () => ({ pools: pools.map(({ symbol, asset, ratePct }) => ({ token_symbol: symbol, asset: tokens.find(({ mint }) => mint === asset)?.symbol, apy: ratePct })) }),
  }),
  defineTool({
    name: 'get_jupiter_lend_earn_position',
    description: 'What a wallet has lent, and what it earned',
    input: z.object({ user_pubkey: user, operation: z.enum(['positions', 'earnings', 'both']).default('both'), history }),
    run: ({ input: { user_pubkey: owner, operation, history: steps } }) => {
      const { positions, earnings } = readPositions(readAccounts(steps), owner);
      return { result: { data: { ...(operation !== 'earnings' && { positions }), ...(operation !== 'positions' && { earnings }) } } };
    },
  }),
  defineMove('sol_transfer', 'Sends lamports', z.object({ from: user, to: address, lamports: amount, history }), input => transferSol(input.from, input.to, input.lamports), 'lamports'),
  defineMove('spl_transfer', 'Sends tokens', z.object({ from: address, to: address, authority: user, amount, history }), input => transferToken(input.from, input.to, input.authority, input.amount), 'amount'),
  defineMove('jupiter_swap', 'Swaps at the fixed rate', z.object({ wallet_pubkey: user, input_token: address, output_token: address, amount, history }), input => swap(input.wallet_pubkey, toMint(input.input_token), toMint(input.output_token), input.amount), 'output_amount'),
  ...(['deposit', 'mint'] as const).map(word =>
    defineMove(`jupiter_lend_earn_${word}`, 'Deposits into the lending pool of a mint', z.object({ wallet_pubkey: user, mint: address, amount, history }), input => lend('deposit', input.wallet_pubkey, toMint(input.mint), input.amount), 'deposit_amount')),
  ...(['withdraw', 'redeem'] as const).map(word =>
    defineMove(`jupiter_lend_earn_${word}`, 'Takes back out of the lending pool of a mint', z.object({ wallet_pubkey: user, mint: address, amount, history }), input => lend('withdraw', input.wallet_pubkey, toMint(input.mint), input.amount), 'withdraw_amount')),
];
