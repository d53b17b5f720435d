import { wallet } from './agent.ts';
import { LedgerError } from './ledger.ts';
import { solMint, usdcMint } from './pools.ts';

interface Planned {
  readonly id: string;
  readonly description: string;
  readonly uses: string;
  readonly depends_on: readonly string[];
  readonly critical?: boolean;
  readonly with: Readonly<Record<string, unknown>>;
}

const history = '{% steps %}';

/**
 * Plans a dynamic flow from a prompt like `use my 50% sol to …`: look, swap that share of the SOL, lend what it bought, look again. With
 * `pools` in the prompt it looks at the pools too, and lends in both.
 *
 * What to do is decided here, before the flow runs; how much of it, by the steps, from what the ones before them found.
 *
 * @throws a `LedgerError` with code `prompt_not_understood`
 */
export function plan(prompt: string): Planned[] {
  const share = /(\d{1,2})\s*%/.exec(prompt)?.[1];
  if (share === undefined || !/\b(sol|capital)\b/i.test(prompt)) throw new LedgerError('prompt_not_understood', `This planner is a script: it needs a share of SOL or capital, such as 50%, in: ${prompt.slice(0, 200)}`);
  const part = Number(share) / 100;
  const isMultiPool = /\bpools\b/i.test(prompt);
  const steps: Planned[] = [];
  const add = (id: string, description: string, tool: string, input: Record<string, unknown>, critical = true): void => {
    steps.push({ id, description, uses: `tool:${tool}`, depends_on: steps.slice(-1).map(step => step.id), ...(!critical && { critical }), with: { ...input, history } });
  };
  add('get_account_balance', 'What the wallet has', 'get_account_balance', { wallet_pubkey: wallet }, false);
  if (isMultiPool) add('get_jupiter_lend_earn_tokens', 'Which pools there are, at which rates', 'get_jupiter_lend_earn_tokens', {});
  const swapped = isMultiPool ? part / 2 : part;
  add('jupiter_swap', `Swap ${swapped * 100} % of the SOL for USDC`, 'jupiter_swap', {
    wallet_pubkey: wallet, input_token: solMint, output_token: usdcMint,
    amount: `{% $floor(steps.get_account_balance.output.sol.lamports * ${swapped}) %}`,
  });
  if (isMultiPool) {
    add('jupiter_lend_earn_deposit_sol', `Lend ${swapped * 100} % of the SOL`, 'jupiter_lend_earn_deposit', {
      wallet_pubkey: wallet, mint: solMint, amount: `{% $floor(steps.get_account_balance.output.sol.lamports * ${swapped}) %}`,
    });
  }
  add('jupiter_lend_earn_deposit', 'Lend USDC', 'jupiter_lend_earn_deposit', {
    wallet_pubkey: wallet, mint: usdcMint,
    amount: isMultiPool ? `{% $floor((steps.get_account_balance.output.usdc.units + steps.jupiter_swap.output.output_amount) * ${part}) %}` : '{% steps.jupiter_swap.output.output_amount %}',
  });
  add('get_account_balance_after', 'What the wallet has now', 'get_account_balance', { wallet_pubkey: wallet }, false);
  return steps;
}
