import type { Duration } from '../core/duration.ts';
import type { Typed } from '../core/typed.ts';
import type { GivenInput, SeenInput } from './flow-input-type.ts';
import type { SignalsOf } from './flow-parts.ts';
import type { FlowDefinition, FlowSource } from './schema.ts';
import type { FactSites, FlowOutputs, List, Looking, ModelSources, StepFacts, StepViews, TypedSteps } from './typed-steps.ts';
import type { AnyValue, FlowScope } from './typed-value.ts';

/** What is known of a flow when it is compiled. */
export interface FlowTypes {
  readonly id: string;
  /** What `start` takes. */
  readonly input: unknown;
  /** By step; null: the step has none. */
  readonly outputs: unknown;
  /** What signals carry, by name. */
  readonly signals: unknown;
}

/** A flow that was checked, and what the compiler knows of it. */
export type Flow<Types extends FlowTypes = FlowTypes> = FlowDefinition & { readonly id: Types['id'] } & Typed<Types>;

/** The facts of one flow, each under its name. */
export interface FactsOf<
  Parts, Input, Mode, Ids extends List, Uses extends List, DependsOn extends List, When extends List, ForEach extends List, With extends List, Items extends List,
  Critical extends List, Policies extends List, Alternatives extends List, Asks extends List, Targets extends List, Always extends List, Conditions extends List,
> extends StepFacts {
  readonly parts: Parts;
  readonly input: SeenInput<Input>;
  readonly mode: Mode;
  readonly ids: Ids;
  readonly uses: Uses;
  readonly dependsOn: DependsOn;
  readonly when: When;
  readonly forEach: ForEach;
  readonly with: With;
  readonly items: Items;
  readonly critical: Critical;
  readonly policies: Policies;
  readonly alternatives: Alternatives;
  readonly asks: Asks;
  readonly targets: Targets;
  readonly always: Always;
  readonly conditions: Conditions;
}

/** Durations of a flow that a program has made are texts like any. */
type DurationOf<Facts extends StepFacts> = string extends Facts['ids'][number] ? number | string : Duration;

type StateSource<Facts extends StepFacts> = Omit<NonNullable<FlowSource['state']>, 'with' | 'initial' | 'timeout'> & {
  readonly with?: AnyValue<FlowScope<Facts['input'], StepViews<Facts>>> | undefined;
  readonly initial?: (Facts['ids'][number] & string) | undefined;
  readonly timeout?: DurationOf<Facts> | undefined;
};

/** A flow as it is written in TypeScript, without its steps. */
interface FlowHead<Id, Input, Mode, Facts extends StepFacts> extends Omit<FlowSource, 'id' | 'input' | 'mode' | 'steps' | 'state' | 'timeout' | 'models'> {
  readonly id: Id;
  readonly input?: Input | undefined;
  readonly mode?: Mode | undefined;
  readonly timeout?: DurationOf<Facts> | undefined;
  readonly models?: (string extends Facts['ids'][number] ? FlowSource['models'] : ModelSources) | undefined;
  readonly state?: StateSource<Facts> | undefined;
}

/** A flow as it is written in TypeScript. */
export type TypedSource<
  Id, Input, Mode, Facts extends StepFacts, State extends Looking, Texts, Ids extends List, Uses extends List, DependsOn extends List, When extends List, ForEach extends List, With extends List,
  Items extends List, Critical extends List, Policies extends List, Alternatives extends List, Asks extends List, Targets extends List, Always extends List, Conditions extends List,
> = FlowHead<Id, Input, Mode, Facts> & {
  readonly steps: FactSites<State, Texts, Ids, Uses, DependsOn, When, ForEach, With, Items, Critical, Policies, Alternatives, Asks, Targets, Always, Conditions> & TypedSteps<Facts>;
};

/** What `defineFlow` gives. */
export type FlowOf<Id extends string, Input, Parts, Facts extends StepFacts> = Flow<{
  readonly id: Id;
  readonly input: GivenInput<Input>;
  readonly outputs: FlowOutputs<Facts>;
  readonly signals: SignalsOf<Parts, Facts['uses'][number]>;
}>;
