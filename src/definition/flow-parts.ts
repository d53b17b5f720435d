import type { SchemaInput, SchemaOutput, StandardSchema } from '../core/standard-schema.ts';
import type { Stored, Typed, TypesOf } from '../core/typed.ts';
import type { BuiltInInputs, builtInNames, BuiltInOutputs, PublishSource } from './built-in-steps.ts';

interface MachineLike {
  readonly id: string;
  getInitialSnapshot(...args: never): unknown;
  transition(...args: never): unknown;
}

interface FlowLike extends Typed<{ readonly input: unknown; readonly outputs: unknown }> {
  readonly id: string;
}

/**
 * What a flow uses, so that compiler and checks know it. A kind that is left out is not checked.
 *
 * It says what there is; the runtime is given the same things in its own options.
 */
export interface FlowParts {
  /** Tools, as `defineTool` gives them: their names, inputs and outputs. Built-in ones need not be listed. */
  readonly tools?: readonly ({ readonly name: string } & Typed<{ readonly input: unknown; readonly output: unknown }>)[];
  /** Flows it starts: their ids, inputs and outputs. */
  readonly flows?: readonly FlowLike[];
  /** Machines that its steps are, by id. */
  readonly machines?: { readonly [id: string]: MachineLike };
  /** Queues it publishes to and waits for: their names and payloads. */
  readonly queues?: readonly { readonly name: string; readonly schema: StandardSchema | undefined }[];
  /** Signals it waits for, by name: what they carry. `signal` is held to it, by the compiler and where the flow is registered. */
  readonly signals?: { readonly [name: string]: StandardSchema };
}

type ListOf<Parts, Kind extends string> = Parts extends { readonly [Key in Kind]: readonly (infer One)[] } ? One : never;
type MapOf<Parts, Kind extends string> = Parts extends { readonly [Key in Kind]: infer Map extends object } ? Map : never;

/** Names of the parts of a kind; any name where they are not given. */
type NameOf<Parts, Kind extends string, Key extends string> = [ListOf<Parts, Kind>] extends [never] ? string : ListOf<Parts, Kind> extends infer One ? (One extends { readonly [Name in Key]: infer Name extends string } ? Name : never) : never;
type KeyOf<Parts, Kind extends string> = [MapOf<Parts, Kind>] extends [never] ? string : keyof MapOf<Parts, Kind> & string;
type OneOf<Parts, Kind extends string, Key extends string, Name> = Extract<ListOf<Parts, Kind>, { readonly [Field in Key]: Name }>;

type BuiltInTool = (typeof builtInNames)[number];
type ToolName<Parts> = [ListOf<Parts, 'tools'>] extends [never] ? string : NameOf<Parts, 'tools', 'name'> | BuiltInTool;

/** What `uses` may be. */
export type UsesOf<Parts> =
  | 'exec' | 'http' | 'sleep' | 'signal' | 'publish' | 'await_message'
  | `tool:${ToolName<Parts>}` | `flow:${NameOf<Parts, 'flows', 'id'>}` | `machine:${KeyOf<Parts, 'machines'>}`;

type InputOfMachine<Machine> = [Machine] extends [never] ? unknown : Machine extends { getInitialSnapshot(scope: never, input?: infer Input): unknown } ? Input : unknown;
type OutputOfMachine<Machine> = [Machine] extends [never] ? unknown : Machine extends { getInitialSnapshot(...args: never): infer Snapshot } ? (Extract<Snapshot, { readonly status: 'done' }> extends { readonly output: infer Output } ? Output : unknown) : unknown;
type EventOfMachine<Machine> = Machine extends { transition(snapshot: never, event: infer Event, ...rest: never): unknown } ? Event : never;

type FieldOf<Types, Field extends string> = [Types] extends [never] ? unknown : Types extends { readonly [Key in Field]: infer Value } ? Value : unknown;

type PayloadOf<Queue> = Queue extends { readonly schema: infer Schema } ? SchemaOutput<NonNullable<Schema>> : unknown;
/** What is published to a queue: its schema fills in the rest. */
type GivenOf<Queue> = Queue extends { readonly schema: infer Schema } ? SchemaInput<NonNullable<Schema>> : unknown;

type Publish<Parts> = [ListOf<Parts, 'queues'>] extends [never]
  ? PublishSource & { readonly queue: string; readonly payload?: unknown }
  : ListOf<Parts, 'queues'> extends infer Queue ? (Queue extends { readonly name: infer Name } ? PublishSource & { readonly queue: Name; readonly payload: GivenOf<Queue> } : never) : never;

/** What a step takes as `with`; `unknown` where nothing is known of it. */
export type InputOf<Parts, Uses> = Uses extends `tool:${infer Name}`
  ? FieldOf<TypesOf<OneOf<Parts, 'tools', 'name', Name>>, 'input'>
  : Uses extends keyof BuiltInInputs
    ? BuiltInInputs[Uses]
    : Uses extends 'publish'
      ? Publish<Parts>
      : Uses extends 'signal'
        ? { readonly name: KeyOf<Parts, 'signals'> }
        : Uses extends 'await_message'
          ? { readonly queue: NameOf<Parts, 'queues', 'name'>; readonly correlation_id?: string | null | undefined }
          : Uses extends `flow:${infer Id}`
            ? FieldOf<TypesOf<OneOf<Parts, 'flows', 'id', Id>>, 'input'>
            : Uses extends `machine:${infer Id}` ? InputOfMachine<MapOf<Parts, 'machines'>[Id & keyof MapOf<Parts, 'machines'>]> : unknown;

type SignalOf<Parts, Name> = [MapOf<Parts, 'signals'>] extends [never] ? unknown : Name extends keyof MapOf<Parts, 'signals'> ? SchemaOutput<MapOf<Parts, 'signals'>[Name]> : unknown;

/** What a flow that a step started has come to; `outputs` has those of its last steps. */
interface ChildResult<Outputs> {
  readonly executionId: string;
  readonly status: 'scored' | 'failed';
  readonly passed: boolean;
  readonly score: number;
  readonly outputs: { readonly [Id in keyof Outputs]?: Outputs[Id] };
}

/** What a step gives, as it is read back. `Target`: the signal or queue that its `with` names. */
export type OutputOf<Parts, Uses, Target> = Uses extends `tool:${infer Name}`
  ? Stored<FieldOf<TypesOf<OneOf<Parts, 'tools', 'name', Name>>, 'output'>>
  : Uses extends keyof BuiltInOutputs
    ? BuiltInOutputs[Uses]
    : Uses extends 'signal'
      ? Stored<SignalOf<Parts, Target>>
      : Uses extends 'await_message'
        ? Stored<PayloadOf<OneOf<Parts, 'queues', 'name', Target>>>
        : Uses extends `flow:${infer Id}`
          ? ChildResult<FieldOf<TypesOf<OneOf<Parts, 'flows', 'id', Id>>, 'outputs'>>
          : Uses extends `machine:${infer Id}` ? Stored<OutputOfMachine<MapOf<Parts, 'machines'>[Id & keyof MapOf<Parts, 'machines'>]>> : unknown;

type MachineSignals<Event> = { readonly [Type in Event extends { readonly type: infer Name extends string } ? Name : never]: Omit<Extract<Event, { readonly type: Type }>, 'type'> };

type MachineId<Uses> = Uses extends `machine:${infer Id}` ? Id : never;

/** What signals an execution takes carry, by name; any, where no signals are given. */
export type SignalsOf<Parts, Uses> = [MapOf<Parts, 'signals'>] extends [never]
  ? { readonly [name: string]: unknown }
  : & { readonly [Name in keyof MapOf<Parts, 'signals'>]: SchemaInput<MapOf<Parts, 'signals'>[Name]> }
    & { readonly [Answer in `recover.${string}`]: unknown }
    & MachineSignals<EventOfMachine<MapOf<Parts, 'machines'>[MachineId<Uses> & keyof MapOf<Parts, 'machines'>]>>;
