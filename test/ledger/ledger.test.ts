import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, wallet } from '../../docs/examples/ledger/agent.ts';
import { decodeBase58, encodeBase58 } from '../../docs/examples/ledger/base58.ts';
import { lend, swap, transferSol, transferToken, type Instruction } from '../../docs/examples/ledger/instructions.ts';
import { type Accounts, type Entry, type History, LedgerError, readAccounts, readState, toAccounts } from '../../docs/examples/ledger/ledger.ts';
import { plan } from '../../docs/examples/ledger/plan.ts';
import { feeLamports, pools, solMint, systemProgram, tokenProgram, usdcMint } from '../../docs/examples/ledger/pools.ts';
import { execute } from '../../docs/examples/ledger/programs.ts';

const start = toAccounts([
  { pubkey: wallet, owner: systemProgram, lamports: 2_000_000_000 },
  { pubkey: 'OTHER', owner: systemProgram, lamports: 50_000_000 },
  { pubkey: 'USDC', owner: tokenProgram, lamports: 2_039_280, data: { mint: usdcMint, owner: wallet, amount: '10000000' } },
  { pubkey: 'OTHER_USDC', owner: tokenProgram, lamports: 2_039_280, data: { mint: usdcMint, owner: 'OTHER', amount: '0' } },
]);
const history = (...transactions: readonly (readonly Entry[])[]): History => ({
  setup: { output: { ledger: 'opened', accounts: start } },
  ...Object.fromEntries(transactions.map((entries, at) => [`s${at}`, { output: { entries } }])),
});
const after = (...instructions: readonly Instruction[]): Accounts => readAccounts(history(execute(start, instructions).entries));
const codeOf = (...instructions: readonly Instruction[]): string => {
  try {
    execute(start, instructions);
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
  return 'done';
};

describe('the ledger', () => {
  it('transfers, and charges the fee', () => {
    const accounts = after(transferSol(wallet, 'OTHER', 100_000_000));
    expect(accounts[wallet]?.lamports).toBe(1_900_000_000 - feeLamports);
    expect(accounts['OTHER']?.lamports).toBe(150_000_000);
    expect(after(transferToken('USDC', 'OTHER_USDC', wallet, 4_000_000))['OTHER_USDC']?.amount).toBe(4_000_000);
  });

  it('swaps at the fixed rate, both ways', () => {
    expect(after(swap(wallet, solMint, usdcMint, 1_000_000_000))['USDC']?.amount).toBe(25_000_000);
    expect(after(swap(wallet, usdcMint, solMint, 10_000_000))[wallet]?.lamports).toBe(2_000_000_000 - feeLamports + 666_666_666);
  });

  it('lends and takes back: a share for each unit', () => {
    const share = pools[0]?.share ?? '';
    const lent = after(lend('deposit', wallet, usdcMint, 10_000_000));
    expect(readState(lent).owners[wallet]).toMatchObject({ [usdcMint]: 0, [share]: 10_000_000 });
    const back = readAccounts(history(execute(start, [lend('deposit', wallet, usdcMint, 10_000_000)]).entries, execute(lent, [lend('withdraw', wallet, usdcMint, 10_000_000)]).entries));
    expect(readState(back).owners[wallet]).toMatchObject({ [usdcMint]: 10_000_000, [share]: 0 });
  });

  it.each([
    ['insufficient_funds', transferSol(wallet, 'OTHER', 2_000_000_000)],
    ['insufficient_funds', transferToken('USDC', 'OTHER_USDC', wallet, 10_000_001)],
    ['insufficient_funds', lend('withdraw', wallet, usdcMint, 1)],
    ['account_unknown', transferSol(wallet, 'NOBODY', 1)],
    ['account_not_token', transferToken(wallet, 'OTHER_USDC', wallet, 1)],
    ['owner_mismatch', transferToken('USDC', 'OTHER_USDC', 'OTHER', 1)],
    ['signer_missing', { ...transferSol(wallet, 'OTHER', 1), accounts: [] }],
    ['instruction_invalid', { ...transferSol(wallet, 'OTHER', 1), data: '3Bxs4vKJW' }],
    ['instruction_invalid', { ...transferSol(wallet, 'OTHER', 1), data: 'not base58' }],
    ['program_unknown', { ...transferSol(wallet, 'OTHER', 1), program_id: 'X' }],
    ['no_route', swap(wallet, 'A', 'B', 1)],
    ['pool_unknown', lend('deposit', wallet, 'A', 1)],
  ])('refuses with %s', (code, instruction) => {
    expect(codeOf(instruction)).toBe(code);
  });

  it('does a transaction as a whole or not at all', () => {
    expect(codeOf(transferSol(wallet, 'OTHER', 1_000_000), transferToken('USDC', 'OTHER_USDC', wallet, 99_000_000))).toBe('insufficient_funds');
  });

  it('neither makes nor loses anything, and nobody owes', () => {
    const amount = fc.integer({ min: 1, max: 2_100_000_000 });
    const instruction = fc.oneof(
      amount.map(units => transferSol(wallet, 'OTHER', units)),
      amount.map(units => transferToken('USDC', 'OTHER_USDC', wallet, units)),
      amount.map(units => lend('deposit', wallet, usdcMint, units)),
      amount.map(units => lend('withdraw', wallet, usdcMint, units)),
    );
    const sum = (accounts: Accounts, of: (account: Accounts[string]) => number): number => Object.values(accounts).reduce((total, account) => total + of(account), 0);
    fc.assert(fc.property(fc.array(instruction, { minLength: 1, maxLength: 8 }), instructions => {
      const done: (readonly Entry[])[] = [];
      for (const one of instructions) {
        try {
          done.push(execute(readAccounts(history(...done)), [one]).entries);
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerError);
        }
      }
      const end = readAccounts(history(...done));
      expect(readAccounts(history(...done.toReversed())), 'whatever order the steps are listed in').toEqual(end);
      for (const { lamports, amount: held = 0 } of Object.values(end)) expect(Math.min(lamports, held)).toBeGreaterThanOrEqual(0);
      expect(sum(end, ({ lamports }) => lamports)).toBe(sum(start, ({ lamports }) => lamports) - done.length * feeLamports);
      const asset = ({ mint, amount: held = 0 }: Accounts[string]): number => (mint === usdcMint ? held : 0);
      const share = ({ mint, amount: held = 0 }: Accounts[string]): number => (mint === pools[0]?.share ? held : 0);
      expect(sum(end, asset) + sum(end, share), 'a share for each unit that was lent').toBe(sum(start, asset));
    }));
  });

  it('needs somebody to set it up', () => {
    expect(() => readAccounts({})).toThrow('sets the ledger up');
  });
});

describe('base58', () => {
  it('reads what it wrote', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      expect([...(decodeBase58(encodeBase58(bytes)) ?? [])]).toEqual([...bytes]);
    }));
    expect(decodeBase58('0OIl')).toBeUndefined();
  });
});

describe('the scripted agent', () => {
  it('decides the same for the same prompt, and says when it does not understand', () => {
    const prompt = 'Please send 0.1 SOL to the recipient (OTHER).';
    expect(decide(prompt, start, [])).toEqual(decide(prompt, start, []));
    expect(decide(prompt, start, [])).toMatchObject({ calls: [{ tool: 'sol_transfer', input: { to: 'OTHER', lamports: 100_000_000 } }] });
    expect(() => decide('Make me rich', start, [])).toThrow('no rule for: Make me rich');
  });

  it('plans from a share, and from nothing else', () => {
    expect(plan('use my 50% sol to multiply usdc 1.5x on jup').map(({ uses }) => uses)).toEqual(['tool:get_account_balance', 'tool:jupiter_swap', 'tool:jupiter_lend_earn_deposit', 'tool:get_account_balance']);
    expect(() => plan('use some sol')).toThrow('needs a share');
  });
});
