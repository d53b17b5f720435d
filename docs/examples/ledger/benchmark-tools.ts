import { defineTool, type Tool } from 'flowstone';
import { z } from 'zod';
import { decide } from './agent.ts';
import { readBalance, readPositions } from './chain-tools.ts';
import { LedgerError, readAccounts, readState, toAccounts, type History } from './ledger.ts';
import { plan } from './plan.ts';
import { execute } from './programs.ts';

const history = z.record(z.string(), z.any()).transform(value => value as History);
const account = z.object({ pubkey: z.string(), owner: z.string(), lamports: z.number().int().nonnegative(), data: z.unknown().optional() });
const call = z.object({ tool: z.string(), input: z.record(z.string(), z.unknown()) });
const meta = z.object({ pubkey: z.string(), is_signer: z.boolean(), is_writable: z.boolean() });
const instruction = z.object({ program_id: z.string(), accounts: z.array(meta), data: z.string() });

/** Calls that only look; everything else is done by instructions. */
const lookups: { readonly [tool: string]: (accounts: ReturnType<typeof readAccounts>, input: Record<string, unknown>) => unknown } = {
  get_account_balance: (accounts, input) => readBalance(accounts, String(input['wallet_pubkey'])),
  get_jupiter_lend_earn_position: (accounts, input) => ({ data: readPositions(accounts, String(input['user_pubkey'])) }),
};

/** The five tools that a benchmark file is turned into; see docs/reference/benchmark-format.md. */
export const benchmarkTools: readonly Tool[] = [
  defineTool({
    name: 'benchmark_setup',
    description: 'Opens the accounts of a benchmark; gives the first reading of the state',
    input: z.object({ initial_state: z.array(account) }),
    run: ({ input }) => ({ ledger: 'opened', ...readState(toAccounts(input.initial_state)) }),
  }),
  defineTool({
    name: 'benchmark_agent',
    description: 'Decides what a prompt asks for',
    input: z.object({ prompt: z.string(), tags: z.array(z.string()).default([]), history }),
    run: ({ input }) => decide(input.prompt, readAccounts(input.history), input.tags),
  }),
  defineTool({
    name: 'benchmark_execute',
    description: 'Carries out what the agent decided: its instructions as one transaction, then the calls that only look',
    input: z.object({ calls: z.array(call), instructions: z.array(instruction), history }),
    run: ({ input }) => {
      if (input.instructions.length === 0 && input.calls.length === 0) throw new LedgerError('nothing_to_execute', 'The agent decided to do nothing');
      const accounts = readAccounts(input.history);
      const { entries, moved } = input.instructions.length === 0 ? { entries: [], moved: [] } : execute(accounts, input.instructions);
      const after = readAccounts({ ...input.history, now: { output: { entries } } });
      const results = input.calls.map(({ tool, input: given }) => ({ tool, status: 'completed', input: given, ...(lookups[tool] && { output: lookups[tool](after, given) }) }));
      if (moved.length === 0 && results.some(one => !('output' in one))) throw new LedgerError('call_unknown', `Nothing carries out ${results.map(({ tool }) => tool).join(', ')}`);
      const looked = results.find(one => 'output' in one);
      return { moved, entries, calls: results, ...(looked && { result: looked.output }) };
    },
  }),
  defineTool({
    name: 'benchmark_state',
    description: 'Reads the state as it is after all steps',
    input: z.object({ history }),
    run: ({ input }) => readState(readAccounts(input.history)),
  }),
  defineTool({
    name: 'benchmark_plan',
    description: 'Plans the steps of a dynamic benchmark, before it runs',
    input: z.object({ id: z.string(), prompt: z.string(), tags: z.array(z.string()).default([]) }),
    run: ({ input }) => ({ steps: plan(input.prompt) }),
  }),
];
