import type { z } from 'zod';
import type { Api, RouteId } from '../server/table/routes.ts';
import type { AnswerDefinition } from '../server/table/route.ts';

type Split<Path extends string> = Path extends `${infer Head}/${infer Rest}` ? [Head, ...Split<Rest>] : [Path];
type WithoutQuery<Path extends string> = Path extends `${infer Own}?${string}` ? Own : Path;

/** Whether what is asked, piece by piece, is at the path of a route: `{name}` is any piece, `{name*}` all that are left. */
type IsAt<Asked extends readonly string[], Pattern extends readonly string[]> =
  Pattern extends readonly [infer First extends string, ...infer Others extends readonly string[]]
    ? First extends `{${string}*}` ? true
      : Asked extends readonly [infer Own extends string, ...infer More extends readonly string[]]
        ? Own extends (First extends `{${string}}` ? string : First) ? IsAt<More, Others> : false
        : false
    : Asked extends readonly [] ? true : false;

type ReadId = { [Id in RouteId]: Api[Id]['method'] extends 'GET' ? Id : never }[RouteId];
type Patterns = { [Id in ReadId]: Split<`/api/v1${Api[Id]['path']}`> };
type BodyOf<Answer> = Answer extends AnswerDefinition & { readonly schema: infer Schema extends z.ZodType } ? z.output<Schema> : unknown;

type Found<Asked extends readonly string[]> = { [Id in ReadId]: IsAt<Asked, Patterns[Id]> extends true ? Id : never }[ReadId];
type Answers<Id extends ReadId> = Id extends ReadId ? BodyOf<Api[Id]['answers'][200]> : never;

/** What the server answers a `GET` of this path with, by its table of routes; `unknown` where the table does not say. */
export type AnswerOf<Path extends string> =
  string extends Path ? unknown : [Found<Split<WithoutQuery<Path>>>] extends [never] ? unknown : Answers<Found<Split<WithoutQuery<Path>>>>;
