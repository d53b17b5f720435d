import { evaluatorProcess } from '../../evaluator/evaluator.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { toIdempotencyKey } from '../../core/ids.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import type { ArtifactContent, ArtifactInfo, ArtifactOptions, ArtifactSource, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { ArtifactKeeper } from './artifacts/artifact-keeper.ts';
import type { Origin } from './artifacts/artifact-ledger.ts';
import { makeDeclared } from './artifacts/declared-artifacts.ts';
import { emitArtifact } from './artifacts/emit-artifact.ts';
import type { OutputFiles } from './artifacts/output-files.ts';
import { requireCallOptions } from './check-arguments.ts';
import { listArtifacts, openArtifact } from './artifacts/read-artifacts.ts';
import { eachOfSteps } from './artifacts/step-artifacts.ts';
import { toArtifactInfo } from './artifacts/artifact.ts';
import { generate } from './interactions/generate.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interactions/interaction.ts';
import type { InteractionKeeper } from './interactions/interaction-keeper.ts';
import type { Generated, GenerateRequest, ModelClient } from './interactions/model-client.ts';
import { recordInteraction } from './interactions/record-interaction.ts';
import { createScope } from './preparer.ts';
import type { Resident } from './resident.ts';
import type { Pong, Session } from './step-session.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import type { StepActor } from '../../kernel/tree.ts';
import { toLocalAddress } from '../../core/address.ts';

/** What the sessions of all runs share. */
export interface RunServices {
  readonly store: RecordReader;
  readonly clock: Clock;
  readonly artifacts: ArtifactKeeper;
  readonly files: OutputFiles;
  readonly interactions: InteractionKeeper;
  readonly client: ModelClient | undefined;
  readonly redact: (text: string) => string;
  readonly maxArtifactBytes: number;
  readonly maxOutputBytes: number;
  readonly expressionTimeLimitMs: number;
}

/** What a handler makes beside its output, from the first call to the end of its run. */
export class RunSession implements Session {
  readonly origin: Origin;
  readonly #services: RunServices;
  readonly #resident: Resident;
  readonly #step: PlannedStep;
  /** Emissions that are not stored yet. */
  readonly #emissions = new Set<Promise<unknown>>();
  /** The first one that failed while nobody was waiting for it. */
  #failed: { readonly error: unknown } | undefined;
  /** Recorded calls that have not settled. */
  readonly #open = new Set<Interaction>();

  constructor(services: RunServices, resident: Resident, actor: StepActor) {
    const { header } = resident;
    const { step, item, snapshot } = actor;
    this.#services = services;
    this.#resident = resident;
    this.#step = step;
    const { attempt, run } = snapshot.context;
    this.origin = { executionKey: header.key, executionId: header.executionId, position: step.position, item, stepId: step.id, attempt, run };
  }

  // for the handler

  artifact(name: string, content: ArtifactSource, options: ArtifactOptions = {}): Promise<ArtifactInfo> {
    const emission = this.#emit(name, content, options);
    this.#emissions.add(emission);
    emission.then(
      () => this.#emissions.delete(emission),
      error => {
        this.#emissions.delete(emission);
        this.#failed ??= { error };
      },
    );
    return emission;
  }

  async #emit(name: string, content: ArtifactSource, options: ArtifactOptions): Promise<ArtifactInfo> {
    const { artifacts, maxArtifactBytes } = this.#services;
    try {
      await this.#openArtifacts();
      return await emitArtifact(artifacts, this.origin, name, content, requireCallOptions('call.artifact', options), maxArtifactBytes);
    } catch (error) {
      // What is refused now is refused the next time, too.
      throw isFlowError(error) ? Object.assign(error, { retryable: false }) : error;
    }
  }

  async #openArtifacts(): Promise<void> {
    const { header, tree } = this.#resident;
    await this.#services.files.open(header.executionId, header.flowId, tree.plan.outputDir);
    await this.#services.artifacts.open(this.origin);
  }

  async artifacts(given: ListArtifactsOptions & { readonly upstream?: boolean } = {}): Promise<ArtifactInfo[]> {
    const { upstream = false, ...options } = requireCallOptions('call.artifacts', given);
    const { store } = this.#services;
    const { executionId, executionKey } = this.origin;
    if (!upstream) return listArtifacts(store, executionId, options);
    const { steps } = this.#resident.tree.plan;
    const before = new Set(this.#step.dependsOn.map(position => steps[position]?.id ?? ''));
    const found: ArtifactInfo[] = [];
    for await (const row of eachOfSteps(store, executionKey, executionId, before)) found.push(toArtifactInfo(row));
    return found;
  }

  async readArtifact(name: string, options: { readonly version?: number } = {}): Promise<ArtifactContent> {
    const { version } = requireCallOptions('call.readArtifact', options);
    return openArtifact(this.#services.store, this.origin.executionId, name, version);
  }

  async interaction(request: InteractionRequest): Promise<Interaction> {
    const { interactions, redact } = this.#services;
    const interaction = await recordInteraction(interactions, this.origin, requireCallOptions('call.interaction', request), redact, () => this.#open.delete(interaction));
    this.#open.add(interaction);
    return interaction;
  }

  /** Records a call and how it ended in one go. */
  async interact<Answer extends InteractionAnswer>(request: InteractionRequest, call: () => Promise<Answer>): Promise<Answer> {
    const interaction = await this.interaction(request);
    let answer: Answer;
    try {
      answer = await call();
    } catch (error) {
      await interaction.fail(error);
      throw error;
    }
    await interaction.complete(answer);
    return answer;
  }

  async generate(request: GenerateRequest, signal: AbortSignal): Promise<Generated> {
    requireCallOptions('call.generate', request);
    const { client, clock } = this.#services;
    const { executionId, item, stepId } = this.origin;
    const idempotencyKey = toIdempotencyKey(executionId, toLocalAddress(stepId, item), this.#resident.header.generation);
    return generate(request, {
      client, clock, signal, stepId, idempotencyKey, models: this.#step.models, record: recorded => this.interaction(recorded),
      // It goes with the next commit, which as a rule is that of the step's success.
      complete: (interaction, answer) => void interaction.complete(answer).catch(error => (this.#failed ??= { error })),
    });
  }

  // for the runner

  /** The run is to stop: what waits for a model waits no more. */
  abort({ code, message }: StepFailure): void {
    for (const interaction of this.#open) {
      const ending = code === 'cancelled' ? interaction.cancel(message) : interaction.fail(createFailure(code, message));
      ending.catch(() => {});
    }
  }

  /** Turns what the handler came to into what is stored: its success with its artifacts, or why there is none. */
  async close(pong: Pong): Promise<Pong> {
    await this.#closeInteractions();
    if (pong.type === 'failed') return pong;
    try {
      while (this.#emissions.size > 0) await Promise.all(this.#emissions);
      if (this.#failed) throw this.#failed.error;
      const declared = await this.#makeDeclared(pong.output);
      const isAgain = this.origin.run > this.origin.attempt && this.#services.store.artifacts !== undefined;
      if (declared.length === 0 && !isAgain) return pong;
      await this.#openArtifacts();
      return { ...pong, posts: [...(pong.posts ?? []), this.#services.artifacts.toClose(this.origin, declared)] };
    } catch (error) {
      return { type: 'failed', failure: toFailure(error, error instanceof FlowError ? false : undefined) };
    }
  }

  async #closeInteractions(): Promise<void> {
    const failure = createFailure('interaction_unsettled', 'The handler ended without saying how the call ended');
    for (const interaction of this.#open) await interaction.fail(failure).catch(() => {});
  }

  async #makeDeclared(output: string): Promise<Awaited<ReturnType<typeof makeDeclared>>> {
    if (this.#step.artifacts.length === 0) return [];
    const { store, clock, maxArtifactBytes, maxOutputBytes: maxBytes, expressionTimeLimitMs: timeLimitMs } = this.#services;
    const { header, tree, input, outputs } = this.#resident;
    const { executionId, item, stepId } = this.origin;
    const values = this.#step.artifacts.flatMap(({ name, from, file }) => [name, from, file === false ? null : file]);
    const scope = await createScope(store, { tree, executionKey: header.key, input, item, outputs, maxBytes }, this.#step, values);
    const seed = toIdempotencyKey(executionId, toLocalAddress(stepId, item), this.#resident.header.generation);
    return makeDeclared(this.#step, { ...scope, output: JSON.parse(output) as unknown }, { now: clock.now(), seed, timeLimitMs, room: { maxBytes: maxArtifactBytes, used: 0 }, apart: evaluatorProcess }, maxArtifactBytes);
  }
}
