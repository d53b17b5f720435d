import type { Clock } from '../../../core/clock.ts';
import { setDeadline } from '../../../core/clock.ts';
import { FlowError } from '../../../core/errors.ts';
import type { StepFailure } from '../../../core/failure.ts';
import type { PlannedModel } from '../../../definition/plan.ts';
import { toFailure } from '../../../core/thrown-failure.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interaction.ts';
import type { Generated, GenerateRequest, ModelAnswer, ModelClient } from './model-client.ts';
import { requireAnswer } from './record-interaction.ts';

export interface GenerateOptions {
  readonly client: ModelClient | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stepId: string;
  readonly idempotencyKey: string;
  readonly models: readonly PlannedModel[];
  readonly record: (request: InteractionRequest) => Promise<Interaction>;
  /** Stores how a call ended, with the next commit; nobody waits for it. */
  readonly complete: (interaction: Interaction, answer: InteractionAnswer) => void;
}

/**
 * Asks one model after the other until one answers. Every call is recorded; a stop is heeded before each and during it.
 *
 * @throws the signal's reason when the step is to stop; an error with code `models_failed` when none answered
 */
export async function generate(request: GenerateRequest, options: GenerateOptions): Promise<Generated> {
  const { client, signal, stepId } = options;
  const models = request.models?.map((model): PlannedModel => ({ model, attempts: 1, timeoutMs: null })) ?? options.models;
  if (!client) throw new FlowError('model_client_missing', `Expected a model client for the step "${stepId}": give \`createRuntime\` one as \`models\``);
  if (models.length === 0) throw new FlowError('models_missing', `Expected models for the step "${stepId}": declare \`models\` in the step or the flow, or name them in the call`);
  const { prompt, system, stage = stepId, parameters } = request;
  const recorded = system === undefined && parameters === undefined ? prompt : { ...(system !== undefined && { system }), prompt, ...(parameters && { parameters }) };
  const failures: { readonly model: string; readonly failure: StepFailure }[] = [];
  for (const planned of models) {
    for (let attempt = 1; attempt <= planned.attempts; attempt++) {
      signal.throwIfAborted();
      const { model, timeoutMs } = planned;
      const interaction = await options.record({ model, prompt: recorded, stage });
      try {
        const answer = requireModelAnswer(model, await callWithin(client, { model, prompt, stage, idempotencyKey: options.idempotencyKey, ...(system !== undefined && { system }), ...(parameters && { parameters }) }, timeoutMs, options));
        const { text, ...rest } = answer;
        options.complete(interaction, requireAnswer({ response: text, ...rest }));
        return toGenerated(answer, model, failures.length + 1);
      } catch (error) {
        if (signal.aborted) {
          await interaction.cancel(String((signal.reason as { message?: unknown } | undefined)?.message ?? 'The step is to stop'));
          throw signal.reason;
        }
        await interaction.fail(error);
        failures.push({ model, failure: toFailure(error) });
      }
    }
  }
  throw toModelsFailed(failures);
}

/** One call, ended by its answer, its time or a stop, whether the client listens or not. */
async function callWithin(client: ModelClient, request: Omit<Parameters<ModelClient['generate']>[0], 'signal'>, timeoutMs: number | null, { clock, signal }: GenerateOptions): Promise<ModelAnswer> {
  const controller = new AbortController();
  let dropTimeout = (): void => {};
  let stop = (): void => {};
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (error: unknown): void => {
      controller.abort(error);
      reject(error as Error);
    };
    stop = () => end(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (timeoutMs === null) return;
    dropTimeout = setDeadline(clock, timeoutMs, () => end(Object.assign(new Error(`The model ${request.model} took longer than ${timeoutMs} ms`), { code: 'model_timeout' })));
  });
  try {
    return await Promise.race([client.generate({ ...request, signal: controller.signal }), ended]);
  } finally {
    dropTimeout();
    signal.removeEventListener('abort', stop);
  }
}

function requireModelAnswer(model: string, answer: ModelAnswer): ModelAnswer {
  if (typeof answer === 'object' && answer !== null && typeof answer.text === 'string') return answer;
  throw Object.assign(new Error(`Expected the model client to answer with a \`text\` for ${model}`), { code: 'model_answer_invalid' });
}

function toGenerated({ text, inputTokens, outputTokens, totalTokens, cost, model: answered }: ModelAnswer, model: string, attempts: number): Generated {
  return { text, model: answered ?? model, attempts, inputTokens, outputTokens, totalTokens, cost };
}

function toModelsFailed(failures: readonly { readonly model: string; readonly failure: StepFailure }[]): Error {
  const list = failures.map(({ model, failure }) => `${model}: ${failure.message} (${failure.code})`).join('; ');
  return Object.assign(new Error(`No model answered. ${list}`), { code: 'models_failed', retryable: failures.some(({ failure }) => failure.retryable) });
}
