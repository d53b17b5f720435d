import { FlowError } from '../../../core/errors.ts';
import type { StepFailure } from '../../../core/failure.ts';
import { createFailure } from '../../../core/failure.ts';
import { encodeJson } from '../../../core/json.ts';
import { describeValue } from '../../../core/wording.ts';
import type { Origin } from '../artifacts/artifact-ledger.ts';
import { toFailure } from '../../../core/thrown-failure.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interaction.ts';
import type { Ended, InteractionKeeper } from './interaction-keeper.ts';

/** Longest prompt or response that is stored, characters. */
const maxTextLength = 16 * 1_024 * 1_024;

/** Stores a call as pending; what it resolves with settles it. */
export async function recordInteraction(keeper: InteractionKeeper, origin: Origin, request: InteractionRequest, redact: (text: string) => string, settled: () => void): Promise<Interaction> {
  const { model, prompt, stage = origin.stepId } = request;
  for (const [name, value] of Object.entries({ model, stage })) {
    if (typeof value !== 'string' || value === '') throw invalid(`\`${name}\` to be a text`, value);
  }
  const text = typeof prompt === 'string' ? prompt : encodeJson(prompt, { name: 'prompt' });
  const place = await keeper.open(origin, { stage, model, prompt: redact(requireLength('prompt', text)) });
  const settle = async (event: Parameters<InteractionKeeper['settle']>[1], ended: Ended = {}): Promise<void> => {
    settled();
    await keeper.settle(place, event, ended);
  };
  const clean = (failure: StepFailure): StepFailure => ({ ...failure, message: redact(failure.message) });
  return {
    number: place.number,
    complete: async answer => settle({ type: 'interaction.completed' }, toEnded(answer, redact)),
    fail: async error => settle({ type: 'interaction.failed', failure: clean(isFailure(error) ? error : toFailure(error)) }),
    cancel: async (reason = 'Cancelled') => settle({ type: 'interaction.cancel', failure: clean(createFailure('cancelled', reason)) }),
  };
}

/** A failure is data already; anything thrown becomes one. */
const isFailure = (value: unknown): value is StepFailure =>
  typeof value === 'object' && value !== null && !(value instanceof Error) && 'code' in value && 'message' in value && typeof value.message === 'string' && 'retryable' in value;

/** @throws a `FlowError` with code `interaction_invalid` */
export function requireAnswer(answer: InteractionAnswer): InteractionAnswer {
  const { response, inputTokens, outputTokens, totalTokens, cost } = answer;
  if (typeof response !== 'string') throw invalid('`response` to be a text', response);
  for (const [name, value] of Object.entries({ inputTokens, outputTokens, totalTokens })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) throw invalid(`\`${name}\` to be an integer ≥ 0`, value);
  }
  if (cost !== undefined && !(Number.isFinite(cost) && cost >= 0)) throw invalid('`cost` to be a number ≥ 0', cost);
  requireLength('response', response);
  return answer;
}

function toEnded(answer: InteractionAnswer, redact: (text: string) => string): Ended {
  const { response, inputTokens, outputTokens, totalTokens, cost, model } = requireAnswer(answer);
  const sum = inputTokens !== undefined && outputTokens !== undefined ? inputTokens + outputTokens : null;
  return {
    response: redact(response),
    inputTokens: inputTokens ?? null,
    outputTokens: outputTokens ?? null,
    totalTokens: totalTokens ?? sum,
    cost: cost ?? null,
    ...(typeof model === 'string' && model !== '' && { model }),
  };
}

function requireLength(name: string, text: string): string {
  if (text.length <= maxTextLength) return text;
  throw new FlowError('interaction_invalid', `Expected the ${name} of an interaction to be at most ${maxTextLength} characters, got ${text.length}; keep it as an artifact and record a reference`);
}

function invalid(expected: string, found: unknown): FlowError {
  return new FlowError('interaction_invalid', `Expected ${expected}, got ${describeValue(found)}`);
}
