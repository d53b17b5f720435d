import type { SchemaInput, SchemaOutput, StandardSchema } from '../core/standard-schema.ts';

type Flat<Value> = { readonly [Key in keyof Value]: Value[Key] };

/** Whether a value is looked at before defaults are filled in, or after. */
type Side = 'given' | 'seen';

type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;

type Defaulted<Properties> = { [Name in keyof Properties]: Properties[Name] extends { readonly default: unknown } ? Name : never }[keyof Properties];

type Present<Schema, Properties, At extends Side> = At extends 'seen' ? (Required<Schema> | Defaulted<Properties>) & keyof Properties : Exclude<Required<Schema>, Defaulted<Properties>> & keyof Properties;

type ObjectType<Schema, At extends Side> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      & { readonly [Name in Present<Schema, Properties, At>]: JsonSchemaType<Properties[Name], At> }
      & { readonly [Name in Exclude<keyof Properties, Present<Schema, Properties, At>>]?: JsonSchemaType<Properties[Name], At> | undefined }
    >
  : { readonly [name: string]: unknown };

interface Plain {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type Named<Name, Schema, At extends Side> = Name extends keyof Plain
  ? Plain[Name]
  : Name extends 'array'
    ? Schema extends { readonly items: infer Items } ? readonly JsonSchemaType<Items, At>[] : readonly unknown[]
    : Name extends 'object' ? ObjectType<Schema, At> : unknown;

/** The values a JSON Schema lets in, as far as it is written out; what is not understood here is `unknown`. */
export type JsonSchemaType<Schema, At extends Side> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly anyOf: readonly (infer One)[] } | { readonly oneOf: readonly (infer One)[] }
      ? JsonSchemaType<One, At>
      : Schema extends { readonly type: readonly (infer Name)[] }
        ? Named<Name, Schema, At>
        : Schema extends { readonly type: infer Name } ? Named<Name, Schema, At> : unknown;

/** What `start` takes for a flow with this `input`. */
export type GivenInput<Schema> = Schema extends StandardSchema ? SchemaInput<Schema> : JsonSchemaType<Schema, 'given'>;

/** What the flow's functions see of it. */
export type SeenInput<Schema> = Schema extends StandardSchema ? SchemaOutput<Schema> : JsonSchemaType<Schema, 'seen'>;
