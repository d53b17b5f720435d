import type { Complain } from './judge-storm.ts';
import type { Witnessed } from './storm-witness.ts';

interface Account {
  readonly id: number;
  readonly seen: readonly string[];
  readonly round: number;
  readonly keys: readonly string[];
}

/** Events of actors are taken once, and each round has one payment under one key. Returns how many events were taken. */
export function judgeAccounts(accounts: readonly Account[], seen: readonly Witnessed[], complain: Complain): number {
  const sending = new Map<string, string>();
  const acknowledged = new Map<string, string>();
  const keys = new Map<string, Set<string>>();
  const paid = new Set<string>();
  for (const one of seen) {
    if (one.what === 'sending') sending.set(one.n, one.account);
    if (one.what === 'sent') acknowledged.set(one.n, one.account);
    if (one.what === 'paid') paid.add(`${one.account}/${one.round}`);
    if (one.what !== 'pay') continue;
    const round = `${one.account}/${one.round}`;
    keys.set(round, (keys.get(round) ?? new Set()).add(one.key));
  }
  for (const { id, seen: taken, round: rounds, keys: stored } of accounts) {
    const address = `account-${id}`;
    const numbers = new Set(taken);
    if (numbers.size !== taken.length) complain(`${address} took an event twice`);
    for (const [n, account] of acknowledged) if (account === address && !numbers.has(n)) complain(`${address} lost the event ${n}, which was acknowledged`);
    for (const n of numbers) if (sending.get(n) !== address) complain(`${address} took an event that nobody sent: ${n}`);
    if (new Set(stored).size !== rounds) complain(`${address} made ${rounds} rounds with ${new Set(stored).size} keys`);
    for (let round = 0; round < rounds; round++) {
      const tried = [...(keys.get(`${id}/${round}`) ?? [])];
      if (tried.length !== 1 || tried[0] !== stored[round]) complain(`round ${round} of ${address} was paid under [${tried.join(', ')}], ${stored[round]} is stored`);
      if (!paid.has(`${id}/${round}`)) complain(`round ${round} of ${address} is over, and nobody saw it paid`);
    }
  }
  return accounts.reduce((sum, { seen: taken }) => sum + taken.length, 0);
}
