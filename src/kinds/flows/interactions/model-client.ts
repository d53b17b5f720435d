/** What a model is asked. */
export interface ModelRequest {
  readonly model: string;
  readonly prompt: string;
  /** Instructions that go before the prompt. */
  readonly system?: string;
  /** What the call is for. */
  readonly stage: string;
  /** Whatever the client passes on: temperature and the like. Never a key: it belongs to the client. */
  readonly parameters?: { readonly [name: string]: unknown };
  /** Aborts when the step is to stop, and when the call takes longer than its model may. */
  readonly signal: AbortSignal;
  /** The step's; the same in every attempt. */
  readonly idempotencyKey: string;
}

/** What it answers. */
export interface ModelAnswer {
  readonly text: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Default: the sum of the two, when both are known. */
  readonly totalTokens?: number;
  /** In whatever currency you count. */
  readonly cost?: number;
  /** The model that answered, when it is another than was asked. */
  readonly model?: string;
}

/** Reaches language models. One call, one answer: which model, how often and how long is not its business. */
export interface ModelClient {
  generate(request: ModelRequest): Promise<ModelAnswer>;
}

/** What a handler asks for. */
export interface GenerateRequest {
  readonly prompt: string;
  /** Instructions that go before the prompt. */
  readonly system?: string;
  /** What the call is for. Default: the step's id. */
  readonly stage?: string;
  /** In the order in which they are tried. Default: `models` of the step, else of the flow. */
  readonly models?: readonly string[];
  /** Passed on to the client. */
  readonly parameters?: { readonly [name: string]: unknown };
}

/** What the model that answered said, and what it took. */
export interface Generated {
  readonly text: string;
  /** The one that answered. */
  readonly model: string;
  /** Calls made, the last of them the one that was answered. */
  readonly attempts: number;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly totalTokens: number | undefined;
  readonly cost: number | undefined;
}
