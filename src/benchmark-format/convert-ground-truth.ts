import { formatPath } from '../core/wording.ts';
import { isObject } from '../definition/outline.ts';
import type { Path } from '../definition/problem.ts';
import type { Benchmark, Expectation, ExpectedInstruction } from './benchmark-schema.ts';
import { convertExpectation } from './convert-expectation.ts';
import type { Targets } from './targets.ts';

/** An assertion of the flow, and what in the file it is from. */
export interface Converted {
  readonly assertion: { readonly [key: string]: unknown; readonly id: string; readonly type: string; readonly weight: number };
  readonly from: Path;
}

/** What right instructions weigh in all, where a file expects some; the rest is that they could be carried out. */
export const instructionShare = 0.75;

/**
 * Turns a ground truth into assertions, every entry of every list into at least one.
 *
 * Weights are those of the file. Where it expects instructions, these share 0.75 and the final state weighs nothing: it only
 * shows what happened, as the predecessor had it.
 */
export function convertGroundTruth({ ground_truth: truth, initial_state: accounts }: Benchmark, targets: Targets): Converted[] {
  if (!truth) return [];
  const { final_state_assertions: finals, expected_instructions: expected, min_score: _minScore, skip_instruction_validation: skip, ...lists } = truth;
  const instructions = skip ? [] : expected;
  const converted: Converted[] = [];
  const poor = new Set(accounts.filter(({ lamports }) => lamports === undefined).map(({ pubkey }) => pubkey));
  for (const [at, one] of finals.entries()) {
    for (const [part, assertion] of convertFinal(one, poor).entries()) {
      const weight = instructions.length > 0 ? 0 : (Number(assertion['weight'] ?? one.weight ?? 1));
      converted.push({ assertion: { ...assertion, id: `final_state_${at + 1}${part === 0 ? '' : `_${part + 1}`}`, type: String(assertion['type']), weight }, from: ['ground_truth', 'final_state_assertions', at] });
    }
  }
  converted.push(...convertInstructions(instructions, targets));
  for (const [key, list] of Object.entries(lists)) {
    if (!Array.isArray(list)) continue;
    for (const [at, one] of list.entries()) {
      if (!isObject(one)) continue;
      const { tool_name: tool, step } = one;
      const times = list.slice(0, at + 1).filter(other => isObject(other) && other['tool_name'] === tool && other['step'] === step).length;
      const assertion = convertExpectation(key, one as Expectation, targets, times);
      converted.push({ assertion: { ...assertion, id: `${key}_${at + 1}`, type: String(assertion['type']), weight: toWeight(one['weight']) }, from: ['ground_truth', key, at] });
    }
  }
  return converted;
}

const toWeight = (weight: unknown): number => (typeof weight === 'number' && weight >= 0 ? weight : 1);

type Loose = { readonly [key: string]: unknown };

/** The value that an entry of `final_state_assertions` is about; undefined: nobody can tell. */
function toStatePath(one: Expectation): string | undefined {
  const { type, pubkey, address_derivation: derivation } = one;
  if (type === 'TokenAccountBalance' && isObject(derivation)) {
    const { owner, mint } = derivation;
    return typeof owner === 'string' && typeof mint === 'string' ? formatPath(['state', 'owners', owner, mint]) : undefined;
  }
  if (typeof pubkey !== 'string') return undefined;
  if (type === 'TokenAccountBalance') return formatPath(['state', 'accounts', pubkey, 'amount']);
  return type === 'SolBalance' || type === 'SolBalanceChange' ? formatPath(['state', 'accounts', pubkey, 'lamports']) : undefined;
}

/** `poor`: accounts that the file gives no lamports; nobody can tell what theirs should be. */
function convertFinal(one: Expectation, poor: ReadonlySet<string>): Loose[] {
  const path = toStatePath(one);
  const { type, weight = 1, expected, expected_gte: gte, expected_lte: lte, expected_change_gte: changeGte, expected_change_lte: changeLte } = one;
  if (type?.startsWith('SolBalance') === true && typeof one['pubkey'] === 'string' && poor.has(one['pubkey'])) return [{ ...one, type, reason: `\`initial_state\` gives \`${one['pubkey']}\` no lamports` }];
  if (path === undefined || type === undefined) return [{ ...one, type: type ?? 'untyped' }];
  if (type === 'SolBalanceChange') {
    const bounds = [['change_gte', changeGte], ['change_lte', changeLte]].filter(([, value]) => typeof value === 'number');
    if (bounds.length > 0) return bounds.map(([kind, value]) => ({ type: kind, path, value, weight: weight / bounds.length }));
  } else if (typeof expected === 'number') return [{ type: 'equals', path, value: expected }];
  else if (typeof gte === 'number' && typeof lte === 'number') {
    // Bounds that exclude each other stay two, so that each can be seen to hold or not.
    return gte <= lte ? [{ type: 'range', path, min: gte, max: lte }] : [{ type: 'gte', path, value: gte, weight: weight / 2 }, { type: 'lte', path, value: lte, weight: weight / 2 }];
  } else if (typeof gte === 'number') return [{ type: 'gte', path, value: gte }];
  else if (typeof lte === 'number') return [{ type: 'lte', path, value: lte }];
  return [{ ...one, type, reason: 'It has no bound that is a number' }];
}

function convertInstructions(instructions: readonly ExpectedInstruction[], targets: Targets): Converted[] {
  const parts = instructions.flatMap((instruction, at) => {
    const { program_id: program, program_id_weight: programWeight, accounts, data, data_weight: dataWeight = 0, step } = instruction;
    const from: Path = ['ground_truth', 'expected_instructions', at];
    const place = ['steps', targets.decision(step), 'output', 'instructions', at];
    return [
      { id: `instruction_${at + 1}_program`, weight: programWeight, from, type: 'equals', path: formatPath([...place, 'program_id']), value: program },
      ...accounts.map(({ pubkey, is_signer: signer, is_writable: writable, weight }, position) => ({
        id: `instruction_${at + 1}_account_${position + 1}`, weight, from: [...from, 'accounts', position], type: 'matches',
        path: formatPath([...place, 'accounts', position]),
        schema: { type: 'object', required: ['pubkey', 'is_signer', 'is_writable'], properties: { pubkey: { const: pubkey }, is_signer: { const: signer }, is_writable: { const: writable } } },
      })),
      ...(data === undefined || data === '...' || dataWeight === 0 ? [] : [{ id: `instruction_${at + 1}_data`, weight: dataWeight, from, type: 'equals', path: formatPath([...place, 'data']), value: data }]),
    ];
  });
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return parts.map(({ from, weight, ...assertion }) => ({ assertion: { ...assertion, weight: total === 0 ? 0 : (weight / total) * instructionShare }, from }));
}
