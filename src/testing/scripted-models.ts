import type { ModelAnswer, ModelClient, ModelRequest } from '../kinds/flows/interactions/model-client.ts';

/** What a model answers: a text, an answer with its counts, an error to be thrown, or a function that makes one of these. */
export type ScriptedAnswer = string | ModelAnswer | Error | ((request: ModelRequest) => string | ModelAnswer | Error | Promise<string | ModelAnswer | Error>);

export interface ScriptedModels extends ModelClient {
  /** Every call made, in order. */
  readonly requests: readonly ModelRequest[];
}

/**
 * A model client that answers as it is told; for tests.
 *
 * By model: one answer for every call, or a list of which each call takes the next and the last is kept. A model that is
 * not in the script throws.
 *
 * @example
 * ```ts
 * import { scriptedModels } from 'flowstone/testing';
 *
 * const models = scriptedModels({ 'large-1': [new Error('overloaded'), 'Yes'], 'small-1': ({ prompt }) => prompt.toUpperCase() });
 * ```
 */
export function scriptedModels(script: { readonly [model: string]: ScriptedAnswer | readonly ScriptedAnswer[] }): ScriptedModels {
  const requests: ModelRequest[] = [];
  const taken = new Map<string, number>();
  return {
    requests,
    async generate(request) {
      requests.push(request);
      const { model } = request;
      const answers = Object.hasOwn(script, model) ? script[model] : undefined;
      if (answers === undefined) throw Object.assign(new Error(`Expected a scripted answer for the model "${model}"`), { code: 'model_unscripted', retryable: false });
      const list = (Array.isArray(answers) ? answers : [answers]) as readonly ScriptedAnswer[];
      const turn = taken.get(model) ?? 0;
      taken.set(model, turn + 1);
      const scripted = list[Math.min(turn, list.length - 1)];
      const answer = typeof scripted === 'function' ? await scripted(request) : scripted;
      if (answer instanceof Error) throw answer;
      return typeof answer === 'string' ? { text: answer } : (answer as ModelAnswer);
    },
  };
}
