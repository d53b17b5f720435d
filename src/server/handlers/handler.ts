import type { z } from 'zod';
import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import type { FeedSource } from '../feed-source.ts';
import type { Asked } from '../request.ts';
import type { Api, RouteId } from '../table/routes.ts';

/** What reading has: the store, to be read, and nothing by which anything could be changed. */
export interface ReadContext {
  readonly reader: RecordReader;
  /** Definitions ready to be drawn, by digest; filled by the reader. */
  readonly plans: PlanRegistry;
  /** Flows that the program of this process brings, whatever is stored. */
  readonly listOwnFlows: () => readonly FlowDefinition[];
  readonly clock: Clock;
}

/** What became of the files of a folder. */
export interface FolderSync {
  readonly flows: readonly { readonly flowId: string; readonly status: 'new' | 'changed' | 'unchanged'; readonly digest: string }[];
  readonly invalid: readonly { readonly file: string; readonly code: string; readonly message: string; readonly line?: number; readonly column?: number }[];
}

/** What changing has beside. */
export interface WriteContext extends ReadContext {
  readonly client: RuntimeClient;
  readonly feed: FeedSource;
  /** Aborts when the server ends. */
  readonly ending: AbortSignal;
  /** Takes the folder over that the server was started with; left out: it was with none. */
  readonly syncFolder: (() => Promise<FolderSync>) | undefined;
  /** Makes a flow's text of a benchmark's; any other text is what it was. */
  readonly toFlowText: (text: string) => Promise<string>;
}

type Deep<Value> = Value extends readonly (infer Item)[] ? readonly Deep<Item>[]
  : Value extends object ? { readonly [Key in keyof Value]: Deep<Value[Key]> }
  : Value;
type SchemasOf<Answers> = { [Status in keyof Answers]: Answers[Status] extends { readonly schema: infer Schema extends z.ZodType } ? Deep<z.output<Schema>> : never }[keyof Answers];

/** The body of the answers of a route that are no problems. */
export type Body<Id extends RouteId> = SchemasOf<Api[Id]['answers']>;

/** An answer, before it is written. */
export interface Told<Content = unknown> {
  /** Default 200. */
  readonly status?: number;
  /** Written as JSON. */
  readonly body?: Content;
  /** In place of it: written as it is, under this type. */
  readonly text?: string;
  readonly type?: string;
  /** In place of both; not kept. */
  readonly response?: Response;
  readonly headers?: Readonly<Record<string, string>>;
  /** Nothing can change it any more. */
  readonly immutable?: true;
}

type Handler<Id extends RouteId, Context> = (asked: Asked<Api[Id]>, context: Context) => Promise<Told<Body<Id>>>;
type Ids<Method extends string> = { [Id in RouteId]: Api[Id]['method'] extends Method ? Id : never }[RouteId];

export type ReadHandlers = { readonly [Id in Exclude<Ids<'GET'>, 'getHealth' | 'getOpenApi' | 'getMetrics'>]: Handler<Id, ReadContext> };
export type WriteHandlers = { readonly [Id in Ids<'POST' | 'PUT' | 'DELETE'>]: Handler<Id, WriteContext> };
