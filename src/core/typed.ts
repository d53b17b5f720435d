declare const types: unique symbol;

/** Carries types for the compiler; there is nothing at run time. */
export interface Typed<Types> {
  readonly [types]?: Types;
}

/** The types a value carries; never: it carries none. */
export type TypesOf<Value> = Value extends { readonly [types]?: infer Types } ? Types : never;

/** What becomes of a value when it is stored as JSON and read back. */
export type Stored<Value> = Value extends string | number | boolean | null
  ? Value
  : Value extends undefined | void
    ? null
    : unknown extends Value
      ? unknown
      : Value extends readonly unknown[]
        ? { readonly [Key in keyof Value]: Stored<Value[Key]> }
        : Value extends object
          ? { readonly [Key in keyof Value]: undefined extends Value[Key] ? Stored<Exclude<Value[Key], undefined>> | undefined : Stored<Value[Key]> }
          : unknown;
