import { encodeBase58 } from './base58.ts';
import { lendProgram, solMint, swapProgram, systemProgram, tokenProgram } from './pools.ts';

export interface AccountMeta {
  readonly pubkey: string;
  readonly is_signer: boolean;
  readonly is_writable: boolean;
}

/** What an agent asks a program to do. `data` is base58. */
export interface Instruction {
  readonly program_id: string;
  readonly accounts: readonly AccountMeta[];
  readonly data: string;
}

/** First bytes of the lending program's instructions. */
export const lendTags = { deposit: 1, withdraw: 2 } as const;

const writable = (pubkey: string): AccountMeta => ({ pubkey, is_signer: false, is_writable: true });
const signing = (pubkey: string): AccountMeta => ({ pubkey, is_signer: true, is_writable: false });
const payer = (pubkey: string): AccountMeta => ({ pubkey, is_signer: true, is_writable: true });
const readonlyKey = (pubkey: string): AccountMeta => ({ pubkey, is_signer: false, is_writable: false });

/** A tag of one or four bytes, then the amount: eight bytes, the lowest first. */
function encode(tag: number, tagBytes: 1 | 4, amount: number): string {
  const bytes = new Uint8Array(tagBytes + 8);
  const view = new DataView(bytes.buffer);
  if (tagBytes === 4) view.setUint32(0, tag, true);
  else view.setUint8(0, tag);
  view.setBigUint64(tagBytes, BigInt(amount), true);
  return encodeBase58(bytes);
}

/** Sends lamports. */
export const transferSol = (from: string, to: string, lamports: number): Instruction => ({
  program_id: systemProgram,
  accounts: [payer(from), writable(to)],
  data: encode(2, 4, lamports),
});

/** Sends tokens from one token account to another. */
export const transferToken = (source: string, destination: string, authority: string, amount: number): Instruction => ({
  program_id: tokenProgram,
  accounts: [writable(source), writable(destination), signing(authority)],
  data: encode(3, 1, amount),
});

/** Swaps at the fixed rate. */
export const swap = (wallet: string, from: string, to: string, amount: number): Instruction => ({
  program_id: swapProgram,
  accounts: [payer(wallet), readonlyKey(from), readonlyKey(to)],
  data: encode(1, 1, amount),
});

/** Deposits into a pool, or takes back out of it. */
export const lend = (what: keyof typeof lendTags, wallet: string, mint: string, amount: number): Instruction => ({
  program_id: lendProgram,
  accounts: [payer(wallet), readonlyKey(mint === 'SOL' ? solMint : mint)],
  data: encode(lendTags[what], 1, amount),
});
