import { didYouMean, findNearest, formatPath } from '../core/wording.ts';
import type { AssertionDefinition } from '../definition/assertion-schema.ts';
import { checkBounds } from '../definition/check-bounds.ts';
import { isObject } from '../definition/outline.ts';
import type { Finding, Path } from '../definition/problem.ts';
import type { Benchmark } from './benchmark-schema.ts';
import { knownKeys } from './benchmark-schema.ts';
import { checkStart } from './check-start.ts';
import type { ConvertedBenchmark } from './convert-benchmark.ts';

/**
 * Finds what contradicts itself in a benchmark: weights, bounds, accounts, entries nobody can judge, keys nobody knows. It runs all the
 * same.
 */
export async function checkBenchmark(benchmark: Benchmark, { source, origins }: ConvertedBenchmark): Promise<Finding[]> {
  const assertions = (source.assertions ?? []) as unknown as readonly AssertionDefinition[];
  const bounds = checkBounds(assertions).filter(({ code }) => code !== 'assertion_unknown');
  return [
    ...checkKeys(benchmark),
    ...checkWeights(benchmark),
    ...checkAccounts(benchmark),
    ...checkLamports(benchmark),
    ...bounds.map(finding => ({ ...finding, path: origins[Number(finding.path[1])] ?? [] })),
    ...(await checkStart(benchmark, assertions)),
    ...listUnjudged(assertions, origins),
  ];
}

/** A weight of 0.1 ten times is not quite 1. */
const tolerance = 1e-9;

function checkWeights({ ground_truth: truth = undefined }: Benchmark): Finding[] {
  return Object.entries(truth ?? {}).flatMap(([key, list]): Finding[] => {
    if (!Array.isArray(list)) return [];
    const weights = list.flatMap(one => (isObject(one) && typeof one['weight'] === 'number' ? one['weight'] : []));
    if (key === 'expected_instructions' || weights.length === 0) return [];
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) <= tolerance) return [];
    const shown = Number(sum.toFixed(9));
    const isShownOnly = key === 'final_state_assertions' && (truth?.expected_instructions.length ?? 0) > 0;
    const what = isShownOnly ? 'beside `expected_instructions` they weigh nothing' : 'they count as they are, divided by the sum of all weights';
    return [{
      code: 'weights_not_one', path: ['ground_truth', key], expected: 'weights that sum to 1', found: String(shown), atKey: true,
      message: `The weights in \`${key}\` sum to ${shown}, not to 1; ${what}`,
    }];
  });
}

function checkAccounts({ ground_truth: truth, initial_state: accounts }: Benchmark): Finding[] {
  const known = new Map(accounts.map(account => [account.pubkey, account]));
  return (truth?.final_state_assertions ?? []).flatMap((one, at): Finding[] => {
    const { pubkey, mint, address_derivation: derivation } = one;
    const path: Path = ['ground_truth', 'final_state_assertions', at, 'pubkey'];
    if (typeof pubkey !== 'string' || isObject(derivation)) return [];
    const account = known.get(pubkey);
    if (!account) {
      const nearest = findNearest(pubkey, known.keys()) ?? [...known.keys()].find(name => pubkey.startsWith(name));
      const hint = nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
      return [{ code: 'account_unknown', path, expected: 'an account of `initial_state`', found: `\`${pubkey}\``, message: `\`initial_state\` opens no account \`${pubkey}\`, so unless a step does, there is nothing to look at${hint}` }];
    }
    const held = account.data?.['mint'];
    if (typeof mint !== 'string' || held === undefined || held === mint) return [];
    return [{ code: 'mint_differs', path: [...path.slice(0, -1), 'mint'], expected: `\`${String(held)}\``, found: `\`${mint}\``, message: `\`${pubkey}\` holds \`${String(held)}\`, the assertion speaks of \`${mint}\`` }];
  });
}

/** A position in a lending program is written without them, too. */
function checkLamports({ initial_state: accounts }: Benchmark): Finding[] {
  return accounts.flatMap(({ pubkey, lamports }, at): Finding[] => (lamports !== undefined ? [] : [{
    code: 'lamports_missing', path: ['initial_state', at], expected: 'a number of lamports', found: 'nothing',
    message: `\`${pubkey}\` has no \`lamports\`; what reads them is not evaluated`,
  }]));
}

/** One doubt per list, since whole lists are often nothing that a program could judge. */
function listUnjudged(assertions: readonly AssertionDefinition[], origins: readonly Path[]): Finding[] {
  const lists = new Map<string, { readonly total: number; readonly unjudged: readonly string[]; readonly path: Path }>();
  for (const [at, { type }] of assertions.entries()) {
    const path = (origins[at] ?? []).slice(0, 2);
    const key = formatPath(path);
    const { total, unjudged } = lists.get(key) ?? { total: 0, unjudged: [] };
    const isUnjudged = checkBounds([assertions[at] as AssertionDefinition]).some(({ code }) => code === 'assertion_unknown');
    lists.set(key, { total: total + 1, unjudged: isUnjudged ? [...unjudged, type.slice(type.indexOf('.') + 1)] : unjudged, path });
  }
  return [...lists.values()].filter(({ unjudged }) => unjudged.length > 0).map(({ total, unjudged, path }) => ({
    code: 'assertion_unknown', path, expected: 'what a program can judge', found: unjudged.join(', '), atKey: true,
    message: `${unjudged.length} of ${total} in \`${String(path[1])}\` will be listed as not evaluated: ${unjudged.join(', ')}`,
  }));
}

function checkKeys(benchmark: Benchmark): Finding[] {
  const look = (value: object, known: readonly string[], path: Path, isKnown: (member: unknown) => boolean = () => false): Finding[] =>
    Object.entries(value).flatMap(([key, member]) => {
      if (known.includes(key) || isKnown(member)) return [];
      const name = formatPath([...path, key]);
      return [{ code: 'benchmark_key_unknown', path: [...path, key], expected: `one of ${known.map(one => `\`${one}\``).join(', ')}`, found: `\`${key}\``, atKey: true, message: `Nothing reads \`${name}\`; it is kept${didYouMean(key, known)}` }];
    });
  const { ground_truth: truth, flow = [], initial_state: accounts } = benchmark;
  return [
    ...look(benchmark, knownKeys.benchmark, []),
    ...(truth ? look(truth, knownKeys.groundTruth, ['ground_truth'], Array.isArray) : []),
    ...flow.flatMap((step, at) => look(step, knownKeys.flowStep, ['flow', at])),
    ...accounts.flatMap((account, at) => look(account, knownKeys.account, ['initial_state', at])),
  ];
}
