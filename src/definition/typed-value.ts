/** A text that is one expression, and gives its value. */
export type ExpressionText = `{%${string}%}`;

/** What a function in a flow is called with: recorded values, frozen. */
export interface FlowScope<Input, Steps> {
  readonly input: Input;
  /** The steps in `depends_on`, by id. */
  readonly steps: Steps;
  /** When it is evaluated, epoch ms; recorded. */
  readonly now: number;
  /** From 0 to below 1; the same numbers, in the same order, each time. */
  readonly random: () => number;
}

/** What a function in a step with `for_each` is called with. */
export interface ItemScope<Input, Steps, Item> extends FlowScope<Input, Steps> {
  readonly item: Item;
  /** From 0. */
  readonly index: number;
}

/** A list; an interface of its own, because the compiler works through all of `ReadonlyArray` for every step otherwise. */
interface AnyList<Scope> {
  readonly length: number;
  readonly [index: number]: AnyValue<Scope>;
}

/** JSON, with expressions and functions anywhere in it. */
export type AnyValue<Scope> =
  | string | number | boolean | null
  | ((scope: Scope) => unknown)
  | AnyList<Scope>
  | { readonly [key: string]: AnyValue<Scope> | undefined };

/** A value, or what computes it: an expression, a function, or an object or list of such. */
export type ValueOf<Value, Scope> = unknown extends Value
  ? AnyValue<Scope>
  : string | number | boolean | null extends Value
    ? AnyValue<Scope>
    : ExpressionText | ((scope: Scope) => Value) | PartsOf<Value, Scope>;

type PartsOf<Value, Scope> = Value extends string | number | boolean | null | undefined
  ? Value
  : Value extends readonly (infer Member)[]
    ? readonly ValueOf<Member, Scope>[]
    : { readonly [Key in keyof Value]: ValueOf<Value[Key], Scope> };
