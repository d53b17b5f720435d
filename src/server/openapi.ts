import { createDocument } from 'zod-openapi';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { scopes } from '../owner/protocol.ts';
import { problemSchema, statusByCode } from './problem.ts';
import type { RouteDefinition } from './table/route.ts';
import { basePath, routes } from './table/routes.ts';

const about = `Runs flows, follows them, and answers with what became of them. Every body is JSON unless something else is said.

Ask with \`Authorization: Bearer TOKEN\`. What is no answer is a problem (RFC 9457): its \`title\` is a code that stays the same, its \`detail\` says
what was expected, what came, and what to do. Answers to \`GET\` have an \`ETag\`: with \`If-None-Match\` what has not changed is 304.`;

const problem = { 'application/problem+json': { schema: problemSchema } };
const statusesOf = ({ problems = [], scope }: RouteDefinition): Map<number, string[]> => {
  const found = new Map<number, string[]>();
  const always = ['parameter_invalid', 'requests_too_many', 'host_refused', 'internal_error', 'store_gone', ...(scope === null ? [] : ['token_missing', 'scope_missing'])];
  for (const code of [...problems, ...always]) {
    const status = statusByCode.get(code) ?? 500;
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
};

function toResponses(route: RouteDefinition): ZodOpenApiResponsesObject {
  const responses: Record<string, ZodOpenApiResponsesObject[`${1 | 2 | 3 | 4 | 5}${string}`]> = {};
  const isGet = route.method === 'GET';
  for (const [status, { about: description, schema, types = [] }] of Object.entries(route.answers)) {
    const content = { ...(schema && { 'application/json': { schema } }), ...Object.fromEntries(types.map(type => [type, {}])) };
    responses[status as '200'] = { description, ...(Object.keys(content).length > 0 && { content }) };
  }
  if (isGet && route.cache) responses['304'] ??= { description: 'It is as `If-None-Match` says' };
  for (const [status, codes] of statusesOf(route)) {
    const description = `Problem: ${[...new Set(codes)].map(code => `\`${code}\``).join(', ')}`;
    const own = responses[String(status) as '400'] as { description: string; content?: object } | undefined;
    responses[String(status) as '400'] = own ? { ...own, content: { ...own.content, ...problem } } : { description, content: problem };
  }
  // Bodies that cannot be read, or are too large.
  if (route.body) for (const [status, codes] of [[400, '`body_unreadable`'], [413, '`body_too_large`'], [415, '`body_type_refused`']] as const) responses[String(status) as '400'] ??= { description: `Problem: ${codes}`, content: problem };
  return responses;
}

function toOperation(id: string, route: RouteDefinition): ZodOpenApiOperationObject {
  const { about: summary, group, params, query, body, scope, labels } = route;
  const names = query || labels;
  return {
    operationId: id, summary, tags: [group],
    ...(scope !== null ? { description: `Scope \`${scope}\`: ${scopes[scope]}.` } : { security: [{}, { bearer: [] }] }),
    ...((params || names) && { requestParams: { ...(params && { path: params }), ...(query && { query }) } }),
    ...(labels && { parameters: [{ in: 'query', name: 'label', style: 'deepObject', required: false, description: 'Query parameters `label.NAME=VALUE`: only what has all of these labels', schema: { type: 'object', additionalProperties: { type: 'string' } } }] }),
    ...(body && { requestBody: { required: !body.optional, content: Object.fromEntries((body.types ?? ['application/json']).map(type => [type, { schema: body.schema }])) } }),
    responses: toResponses(route),
  };
}

/** `/executions/{id}/artifacts/{name*}` has no slashes in OpenAPI: they are written as `%2F`. */
const toPath = (path: string): `/${string}` => `${basePath}${path.replace('*}', '}')}` as `/${string}`;

/** Describes the server, as OpenAPI 3.1. */
export function createOpenApi(version: string): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [id, route] of Object.entries<RouteDefinition>(routes)) {
    const path = (paths[toPath(route.path)] ??= {});
    path[route.method.toLowerCase()] = toOperation(id, route);
    if (route.also) path[route.also.toLowerCase()] = toOperation(`${id}By${route.also}`, route);
  }
  const groups = [...new Set(Object.values<RouteDefinition>(routes).map(({ group }) => group))];
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Flowstone', version, description: about, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: groups.map(name => ({ name })),
    paths: paths as ZodOpenApiPathsObject,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: problemSchema } },
  });
}
