import { decodeBase58 } from './base58.ts';
import type { Instruction } from './instructions.ts';
import { lendTags } from './instructions.ts';
import type { Accounts, Entry } from './ledger.ts';
import { Draft, LedgerError } from './ledger.ts';
import { lendProgram, pools, quote, solMint, swapProgram, systemProgram, tokenProgram } from './pools.ts';

/**
 * Carries out a transaction: every instruction, or none.
 *
 * The first signer pays the fee. Gives the entries, and what each instruction moved.
 *
 * @throws a `LedgerError`: `insufficient_funds`, `account_unknown`, `instruction_invalid`, `signer_missing`, …
 */
export function execute(accounts: Accounts, instructions: readonly Instruction[]): { readonly entries: readonly Entry[]; readonly moved: readonly number[] } {
  const draft = new Draft(accounts);
  const payer = instructions.flatMap(one => one.accounts).find(account => account.is_signer);
  if (!payer) throw new LedgerError('signer_missing', 'Expected a transaction that somebody signs');
  draft.payFee(payer.pubkey);
  const moved = instructions.map(instruction => run(draft, instruction));
  return { entries: draft.entries, moved };
}

function run(draft: Draft, instruction: Instruction): number {
  switch (instruction.program_id) {
    case systemProgram:
      return runSystem(draft, instruction);
    case tokenProgram:
      return runToken(draft, instruction);
    case swapProgram:
      return runSwap(draft, instruction);
    case lendProgram:
      return runLend(draft, instruction);
    default:
      throw new LedgerError('program_unknown', `There is no program ${instruction.program_id}`);
  }
}

/** Takes the data of an instruction apart; tag and amount must be all there is. */
function decode({ program_id, data }: Instruction, tagBytes: 1 | 4, known: readonly number[]): { readonly tag: number; readonly amount: number } {
  const bytes = decodeBase58(data);
  if (bytes?.length !== tagBytes + 8) throw new LedgerError('instruction_invalid', `Program ${program_id} cannot read the instruction data \`${data}\``);
  const view = new DataView(bytes.buffer);
  const tag = tagBytes === 4 ? view.getUint32(0, true) : view.getUint8(0);
  if (!known.includes(tag)) throw new LedgerError('instruction_invalid', `Program ${program_id} has no instruction ${tag}`);
  const amount = Number(view.getBigUint64(tagBytes, true));
  if (amount <= 0 || !Number.isSafeInteger(amount)) throw new LedgerError('amount_invalid', `Expected an amount above 0, got ${amount}`);
  return { tag, amount };
}

/** The accounts of an instruction, of which those at `signers` must have signed. */
function takeKeys({ accounts, program_id }: Instruction, count: number, signers: readonly number[]): string[] {
  if (accounts.length < count) throw new LedgerError('instruction_invalid', `Program ${program_id} needs ${count} accounts, got ${accounts.length}`);
  for (const position of signers) {
    const account = accounts[position];
    if (!account?.is_signer) throw new LedgerError('signer_missing', `${account?.pubkey ?? 'Nobody'} has not signed`);
  }
  return accounts.map(({ pubkey }) => pubkey);
}

function runSystem(draft: Draft, instruction: Instruction): number {
  const [from = '', to = ''] = takeKeys(instruction, 2, [0]);
  const { amount } = decode(instruction, 4, [2]);
  draft.requireAccount(to);
  draft.change({ account: from, lamports: -amount });
  draft.change({ account: to, lamports: amount });
  return amount;
}

function runToken(draft: Draft, instruction: Instruction): number {
  const [source = '', destination = '', authority = ''] = takeKeys(instruction, 3, [2]);
  const { amount } = decode(instruction, 1, [3]);
  const [from, to] = [draft.requireToken(source), draft.requireToken(destination)];
  if (from.owner !== authority) throw new LedgerError('owner_mismatch', `${source} belongs to ${from.owner}, ${authority} signed`);
  if (from.mint !== to.mint) throw new LedgerError('mint_mismatch', `${source} and ${destination} hold different tokens`);
  draft.change({ account: source, amount: -amount });
  draft.change({ account: destination, amount });
  return amount;
}

/** Takes or gives a wallet's SOL or tokens. */
function move(draft: Draft, wallet: string, mint: string, amount: number): void {
  if (mint === solMint) draft.change({ account: wallet, lamports: amount });
  else draft.change({ account: draft.open(wallet, mint), amount });
}

function runSwap(draft: Draft, instruction: Instruction): number {
  const [wallet = '', from = '', to = ''] = takeKeys(instruction, 3, [0]);
  const { amount } = decode(instruction, 1, [1]);
  const bought = quote(from, to, amount);
  if (bought === undefined) throw new LedgerError('no_route', `Nobody swaps ${from} for ${to}`);
  if (bought === 0) throw new LedgerError('amount_invalid', `${amount} of ${from} buy nothing`);
  draft.requireAccount(wallet);
  move(draft, wallet, from, -amount);
  move(draft, wallet, to, bought);
  return bought;
}

function runLend(draft: Draft, instruction: Instruction): number {
  const [wallet = '', mint = ''] = takeKeys(instruction, 2, [0]);
  const { tag, amount } = decode(instruction, 1, Object.values(lendTags));
  const pool = pools.find(({ asset }) => asset === mint);
  if (!pool) throw new LedgerError('pool_unknown', `There is no lending pool for ${mint}`);
  draft.requireAccount(wallet);
  const sign = tag === lendTags.deposit ? 1 : -1;
  move(draft, wallet, pool.asset, -sign * amount);
  move(draft, wallet, pool.share, sign * amount);
  return amount;
}
