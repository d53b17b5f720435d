import { feeLamports, pools, rentLamports, solMint, tokenProgram } from './pools.ts';

/** An account. Token accounts have `mint`, `token_owner` and `amount`, in the token's smallest units. */
export interface Account {
  /** The program it belongs to. */
  readonly owner: string;
  readonly lamports: number;
  readonly mint?: string;
  readonly token_owner?: string;
  readonly amount?: number;
}

/** All accounts by their address. */
export type Accounts = Readonly<Record<string, Account>>;

/** By how much one account changed. `opens` makes a token account first. */
export interface Entry {
  readonly account: string;
  readonly lamports?: number;
  readonly amount?: number;
  readonly opens?: { readonly mint: string; readonly owner: string };
}

/** Why the ledger refuses something. None of it gets better by trying again. */
export class LedgerError extends Error {
  readonly code: string;
  readonly retryable = false;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What steps have given so far, as the expression `steps` hands it over. */
export type History = Readonly<Record<string, { readonly output?: unknown; readonly status?: string } | null>>;

/**
 * The accounts as they are after what steps have done: those that the setup opened, and every entry since.
 *
 * Entries are sums, so the order in which steps are listed does not matter. Nothing else is kept anywhere: a step's entries
 * are part of its output, and an output is stored once.
 */
export function readAccounts(history: History): Accounts {
  const accounts: Record<string, Account> = {};
  const outputs = Object.values(history).flatMap(step => (isRecord(step?.output) ? [step.output] : []));
  for (const { ledger, accounts: opened } of outputs) if (ledger === 'opened') Object.assign(accounts, opened);
  if (Object.keys(accounts).length === 0) throw new LedgerError('ledger_not_set_up', 'Expected a step before this one that sets the ledger up (tool:benchmark_setup), found none');
  const entries = outputs.flatMap(output => (Array.isArray(output['entries']) ? (output['entries'] as Entry[]) : []));
  // Nothing can be added to an account before it is open.
  post(accounts, entries.filter(({ opens }) => opens !== undefined));
  post(accounts, entries.filter(({ opens }) => opens === undefined));
  return accounts;
}

/** Adds entries to accounts. */
function post(accounts: Record<string, Account>, entries: readonly Entry[]): void {
  for (const { account, lamports = 0, amount = 0, opens } of entries) {
    const before = accounts[account] ?? { owner: tokenProgram, lamports: 0, ...(opens && { mint: opens.mint, token_owner: opens.owner, amount: 0 }) };
    accounts[account] = { ...before, lamports: before.lamports + lamports, ...(before.amount !== undefined && { amount: before.amount + amount }) };
  }
}

/** Reads the accounts of a benchmark file's `initial_state`. */
export function toAccounts(items: readonly { readonly pubkey: string; readonly owner: string; readonly lamports: number; readonly data?: unknown }[]): Accounts {
  return Object.fromEntries(items.map(({ pubkey, owner, lamports, data }) => {
    if (!isRecord(data)) return [pubkey, { owner, lamports }];
    return [pubkey, { owner, lamports, mint: String(data['mint']), token_owner: String(data['owner']), amount: Number(data['amount'] ?? 0) }];
  }));
}

/** The address of a wallet's account for a mint: the one it has, else the one that would be opened. */
export function findTokenAccount(accounts: Accounts, owner: string, mint: string): string {
  return Object.entries(accounts).find(([, account]) => account.token_owner === owner && account.mint === mint)?.[0] ?? `ATA_${owner}_${mint}`;
}

/** The state as assertions see it: accounts by address, and what each wallet has of each mint. */
export interface State {
  readonly accounts: Accounts;
  readonly owners: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Sums up who has what. Of what a wallet could have and has not, it has 0. */
export function readState(accounts: Accounts): State {
  const owners: Record<string, Record<string, number>> = {};
  for (const [address, { mint }] of Object.entries(accounts)) {
    if (mint === undefined) owners[address] = Object.fromEntries(pools.flatMap(({ asset, share }) => (asset === solMint ? [share] : [asset, share])).map(known => [known, 0]));
  }
  for (const { mint, token_owner: owner, amount = 0 } of Object.values(accounts)) {
    if (mint === undefined || owner === undefined) continue;
    const held = (owners[owner] ??= {});
    held[mint] = (held[mint] ?? 0) + amount;
  }
  return { accounts, owners };
}

/** Collects what a transaction does to the accounts, all of it or nothing. */
export class Draft {
  readonly #accounts: Record<string, Account>;
  readonly entries: Entry[] = [];

  constructor(accounts: Accounts) {
    this.#accounts = { ...accounts };
  }

  get accounts(): Accounts {
    return this.#accounts;
  }

  requireAccount(address: string): Account {
    const account = this.#accounts[address];
    if (!account) throw new LedgerError('account_unknown', `There is no account ${address}`);
    return account;
  }

  /** What a token account holds of what, and whose it is. */
  requireToken(address: string): { readonly mint: string; readonly owner: string; readonly amount: number } {
    const { mint, token_owner: owner, amount } = this.requireAccount(address);
    if (mint === undefined || owner === undefined || amount === undefined) throw new LedgerError('account_not_token', `${address} holds no tokens`);
    return { mint, owner, amount };
  }

  /** Takes away or adds; refuses what would leave less than nothing. */
  change(entry: Entry): void {
    const { account, lamports = 0, amount = 0 } = entry;
    const { lamports: has, amount: held = 0, mint = 'no mint' } = this.requireAccount(account);
    if (has + lamports < 0) throw new LedgerError('insufficient_funds', `${account} has ${has} lamports, ${-lamports} are needed`);
    if (held + amount < 0) throw new LedgerError('insufficient_funds', `${account} has ${held} of ${mint}, ${-amount} are needed`);
    this.#post(entry);
  }

  /** Opens a token account where there is none; its rent is paid by its owner. */
  open(owner: string, mint: string): string {
    const address = findTokenAccount(this.#accounts, owner, mint);
    if (this.#accounts[address]) return address;
    this.change({ account: owner, lamports: -rentLamports });
    this.#post({ account: address, lamports: rentLamports, opens: { mint, owner } });
    return address;
  }

  payFee(payer: string): void {
    this.change({ account: payer, lamports: -feeLamports });
  }

  #post(entry: Entry): void {
    post(this.#accounts, [entry]);
    this.entries.push(entry);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
