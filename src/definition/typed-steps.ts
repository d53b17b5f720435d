import type { Duration } from '../core/duration.ts';
import type { StepFailure } from '../core/failure.ts';
import type { InputOf, OutputOf, UsesOf } from './flow-parts.ts';
import type { FlowSource } from './schema.ts';
import type { ConditionText } from './condition-text.ts';
import type { AnyValue, ExpressionText, FlowScope, ItemScope, ValueOf } from './typed-value.ts';

export type List = readonly unknown[];

/** What a compiler finds out about the steps of a flow: for each key a list, by place. `unknown`: the step does not have it. */
export interface StepFacts {
  readonly parts: unknown;
  readonly input: unknown;
  readonly mode: unknown;
  readonly ids: List;
  readonly uses: List;
  readonly dependsOn: List;
  readonly when: List;
  readonly forEach: List;
  readonly with: List;
  readonly items: List;
  readonly critical: List;
  readonly policies: List;
  readonly alternatives: List;
  readonly asks: List;
  readonly targets: List;
  readonly always: List;
  readonly conditions: List;
}

type SourceStep = FlowSource['steps'][number];

/** Every value has it, also a function that is not looked at yet: so a key that is there is told from one that is not. */
interface Present<Fact> {
  readonly valueOf: () => Fact;
}

/** What the compiler has while it finds out facts. */
export interface Looking {
  readonly looking: true;
}

/** What it has once they are known. */
export interface Known extends Looking {
  readonly known: true;
}

/**
 * Where the facts are found. A list for each key, and not one of whole steps: functions among the values are looked at when the
 * facts are known, and a step with a function in it would be no fact.
 *
 * Once they are known nothing is left of it, and the steps are checked against `TypedSteps` alone: lists of many steps that
 * have to be several types at once take long to compare. `Texts` only has the compiler keep texts as they are written.
 */
export type FactSites<
  State extends Looking, Texts, Ids extends List, Uses extends List, DependsOn extends List, When extends List, ForEach extends List, With extends List,
  Items extends List, Critical extends List, Policies extends List, Alternatives extends List, Asks extends List, Targets extends List, Always extends List, Conditions extends List,
> = State extends { readonly known: true } ? unknown :
  & Texts
  & { readonly [At in keyof Ids]: { readonly id: Ids[At] } }
  & { readonly [At in keyof Uses]: { readonly uses: Uses[At] } }
  & { readonly [At in keyof DependsOn]: { readonly depends_on?: readonly DependsOn[At][] } }
  & { readonly [At in keyof When]: { readonly when?: Present<When[At]> } }
  & { readonly [At in keyof ForEach]: { readonly for_each?: Present<ForEach[At]> } }
  & { readonly [At in keyof With]: { readonly with?: Present<With[At]> } }
  & { readonly [At in keyof Items]: { readonly for_each?: readonly Items[At][] } }
  & { readonly [At in keyof Critical]: { readonly critical?: Critical[At] } }
  & { readonly [At in keyof Policies]: { readonly on_item_failure?: Policies[At] } }
  & { readonly [At in keyof Alternatives]: { readonly recover?: { readonly alternative?: Alternatives[At] } } }
  & { readonly [At in keyof Asks]: { readonly recover?: { readonly ask?: Present<Asks[At]> } } }
  & { readonly [At in keyof Targets]: { readonly with?: { readonly name: Targets[At] } | { readonly queue: Targets[At] } } }
  & { readonly [At in keyof Always]: { readonly run?: Always[At] } }
  & { readonly [At in keyof Conditions]: { readonly when?: Conditions[At] } };

type Places<Facts extends StepFacts> = keyof Facts['ids'] & `${number}`;
type FactOf<Facts extends StepFacts, Key extends keyof StepFacts, Place> = Facts[Key][Place & keyof Facts[Key]];
type Has<Fact> = unknown extends Fact ? false : true;

/** What one run of a step gives. */
type Given<Facts extends StepFacts, Place> = OutputOf<Facts['parts'], FactOf<Facts, 'uses', Place>, FactOf<Facts, 'targets', Place>>;

type MemberOf<Facts extends StepFacts, Place> = FactOf<Facts, 'policies', Place> extends 'collect'
  ? Given<Facts, Place> | { readonly failure: StepFailure }
  : Facts['mode'] extends 'lenient'
    ? (FactOf<Facts, 'policies', Place> extends 'skip' ? Given<Facts, Place> : Given<Facts, Place> | null)
    : Given<Facts, Place>;

type Own<Facts extends StepFacts, Place> = Has<FactOf<Facts, 'forEach', Place>> extends true ? readonly MemberOf<Facts, Place>[] : Given<Facts, Place>;

type PlaceOf<Facts extends StepFacts, Id> = { readonly [Place in Places<Facts>]: Facts['ids'][Place] extends Id ? Place : never }[Places<Facts>];

/** The output of a step that has completed: what its alternative gave, or a person said, may be it too. */
type OutputAt<Facts extends StepFacts, Place> = Has<FactOf<Facts, 'asks', Place>> extends true
  ? unknown
  : Own<Facts, Place> | (Has<FactOf<Facts, 'alternatives', Place>> extends true ? Own<Facts, PlaceOf<Facts, FactOf<Facts, 'alternatives', Place>>> : never);

type MayLack<Facts extends StepFacts, Place> = Facts['mode'] extends 'lenient'
  ? true
  : Has<FactOf<Facts, 'when', Place>> extends true
    ? true
    : FactOf<Facts, 'critical', Place> extends false
      ? true
      : Has<FactOf<Facts, 'asks', Place>> extends true
        ? true
        : Facts['ids'][Place & keyof Facts['ids']] extends Facts['alternatives'][number] ? (unknown extends Facts['alternatives'][number] ? false : true) : false;

/** A step that has ended, as the steps after it see it. */
export type StepView<Output, Lacks = false> =
  | { readonly status: 'completed'; readonly output: Output }
  | (Lacks extends true ? { readonly status: 'skipped' | 'failed'; readonly output: null } : never);

/** All steps of a flow, as those after them see them. */
export type StepViews<Facts extends StepFacts> = string extends Facts['ids'][number]
  ? { readonly [id: string]: StepView<unknown, true> }
  : { readonly [Place in Places<Facts> as Facts['ids'][Place] & string]: StepView<OutputAt<Facts, Place>, MayLack<Facts, Place>> };

/** Outputs of a settled flow by step; null: the step has none. */
export type FlowOutputs<Facts extends StepFacts> = string extends Facts['ids'][number]
  ? { readonly [id: string]: unknown }
  : { readonly [Place in Places<Facts> as Facts['ids'][Place] & string]: OutputAt<Facts, Place> | null };

interface RetrySource {
  readonly maxAttempts?: number | undefined;
  readonly initialInterval?: Duration | undefined;
  readonly backoffCoefficient?: number | undefined;
  readonly maxInterval?: Duration | undefined;
  readonly jitter?: 'full' | 'none' | undefined;
}

type ModelSource = string | { readonly model: string; readonly attempts?: number | undefined; readonly timeout?: Duration | undefined };
export type ModelSources = readonly ModelSource[];

/** Keys of a step that need nothing of the others but their ids. */
interface PlainStep<Ids> {
  readonly description?: string | undefined;
  readonly depends_on?: readonly Ids[] | undefined;
  readonly run?: 'always' | undefined;
  readonly concurrency?: number | undefined;
  readonly on_item_failure?: 'fail' | 'skip' | 'collect' | undefined;
  readonly critical?: boolean | undefined;
  readonly weight?: number | undefined;
  readonly timeout?: Duration | undefined;
  readonly expected_duration?: Duration | undefined;
  readonly retry?: (RetrySource & { readonly nonRetryable?: readonly string[] | undefined }) | undefined;
  readonly recover?: { readonly retry?: RetrySource | undefined; readonly alternative?: Ids | undefined; readonly ask?: { readonly signal?: string | undefined; readonly timeout?: Duration | undefined } | undefined } | undefined;
  readonly models?: ModelSources | undefined;
}

type ArtifactSource<Scope> = Omit<NonNullable<SourceStep['artifacts']>[number], 'name' | 'from' | 'file'> & {
  readonly name: string | ((scope: Scope) => string);
  readonly from: string | ((scope: Scope) => unknown);
  readonly file?: string | false | ((scope: Scope) => string) | undefined;
};

type WithSource<Input, Scope, HasEach> = unknown extends Input
  ? { readonly with?: AnyValue<Scope> | undefined }
  : undefined extends Input
    ? { readonly with?: ValueOf<Input, Scope> | undefined }
    : HasEach extends true ? { readonly with?: ValueOf<Input, Scope> } : { readonly with: ValueOf<Input, Scope> };

type ItemOf<Facts extends StepFacts, Place> = FactOf<Facts, 'items', Place>;

/** Without `with`, the items are what the step takes. */
type ForEachSource<Facts extends StepFacts, Place, Input, Scope> = Has<FactOf<Facts, 'with', Place>> extends true
  ? string | readonly AnyValue<Scope>[] | ((scope: Scope) => readonly unknown[])
  : ExpressionText | string | readonly ValueOf<Input, Scope>[] | ((scope: Scope) => readonly Input[]);

type Named<Fact> = unknown extends Fact ? never : Fact;
type Upstream<Facts extends StepFacts, Place> = Pick<StepViews<Facts>, Named<FactOf<Facts, 'dependsOn', Place>> & keyof StepViews<Facts>>;

/** What a step that runs always sees: any of them may have failed, or been skipped. */
type Lacking<Views> = { readonly [Id in keyof Views]: StepView<Extract<Views[Id], { readonly status: 'completed' }> extends { readonly output: infer Output } ? Output : never, true> };

type ScopeAt<Facts extends StepFacts, Place> = FlowScope<Facts['input'], FactOf<Facts, 'always', Place> extends 'always' ? Lacking<Upstream<Facts, Place>> : Upstream<Facts, Place>>;

type ItemScopeAt<Facts extends StepFacts, Place> = Has<FactOf<Facts, 'forEach', Place>> extends true
  ? ItemScope<Facts['input'], ScopeAt<Facts, Place>['steps'], ItemOf<Facts, Place>>
  : ScopeAt<Facts, Place>;

type TypedStep<Facts extends StepFacts, Place, Input = InputOf<Facts['parts'], FactOf<Facts, 'uses', Place>>> =
  & PlainStep<Facts['ids'][number] & string>
  & {
    readonly id: string;
    readonly uses: UsesOf<Facts['parts']>;
    readonly when?: boolean | ConditionText<FactOf<Facts, 'conditions', Place>, Facts['ids'][number] & string> | ((scope: ScopeAt<Facts, Place>) => boolean) | undefined;
    readonly for_each?: ForEachSource<Facts, Place, Input, ScopeAt<Facts, Place>> | undefined;
    readonly artifacts?: readonly ArtifactSource<ItemScopeAt<Facts, Place> & { readonly output: Given<Facts, Place> }>[] | undefined;
  }
  & WithSource<Input, ItemScopeAt<Facts, Place>, Has<FactOf<Facts, 'forEach', Place>>>;

type WideScope = ItemScope<unknown, { readonly [id: string]: StepView<unknown, true> }, unknown> & { readonly output?: unknown };

/** A step whose id is no more than a text: one of a list that a program has made. */
export type WideStep = Omit<SourceStep, 'with' | 'when' | 'for_each' | 'artifacts'> & {
  readonly with?: AnyValue<WideScope> | undefined;
  readonly when?: SourceStep['when'] | ((scope: WideScope) => boolean);
  readonly for_each?: string | readonly AnyValue<WideScope>[] | ((scope: WideScope) => readonly unknown[]) | undefined;
  readonly artifacts?: readonly ArtifactSource<WideScope>[] | undefined;
};

/** The steps as they must be, given the facts. */
export type TypedSteps<Facts extends StepFacts> = Facts['ids'] extends infer Ids extends List
  ? { readonly [Place in keyof Ids]: string extends Ids[Place] ? WideStep : TypedStep<Facts, Place> }
  : never;
