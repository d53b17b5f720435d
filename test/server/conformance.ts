import type { Schema } from '@cfworker/json-schema';
import { Validator } from '@cfworker/json-schema';
import { createOpenApi } from '../../src/server/openapi.ts';

interface Response200 {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Response200>>;
}

export const document = createOpenApi('test') as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

const patterns = Object.entries(document.paths).map(([path, operations]) => {
  // An artifact's name may have slashes.
  const source = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => (name === 'name' && path.includes('artifacts') ? '(.+)' : '([^/]+)'));
  return { pattern: new RegExp(`^${source}$`), operations, places: (path.match(/\{/g) ?? []).length };
}).toSorted((a, b) => a.places - b.places);

const validators = new Map<object, Validator>();

function validate(schema: object, value: unknown): string[] {
  let validator = validators.get(schema);
  if (!validator) validators.set(schema, (validator = new Validator({ ...schema, components: document.components } as Schema, '2020-12', false)));
  const { valid, errors } = validator.validate(value);
  return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

/** How many answers of each operation have been looked at, by `operation status`. */
export const seen = new Map<string, number>();

/** Says what of an answer does not fit the OpenAPI document; empty: it fits. Reads no body but a copy. */
export async function findMisfits(method: string, path: string, response: Response): Promise<string[]> {
  const asked = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  const found = patterns.find(({ pattern, operations }) => operations[asked] && pattern.test(path.replace(/\?.*$/, '')));
  const operation = found?.operations[asked];
  const where = `${method} ${path} ${response.status}`;
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  if (!operation) {
    return response.status >= 400 && type === 'application/problem+json' ? validate(document.components.schemas['Problem'] as object, await response.clone().json()).map(text => `${where}: ${text}`) : [];
  }
  seen.set(`${operation.operationId} ${response.status}`, (seen.get(`${operation.operationId} ${response.status}`) ?? 0) + 1);
  const answer = operation.responses[String(response.status)];
  if (!answer) return [`${where}: the document has no answer of this status`];
  if (response.status === 204 || response.status === 304 || method === 'HEAD') return (await response.clone().text()) === '' ? [] : [`${where}: has a body`];
  const content = answer.content?.[type] ?? answer.content?.['*/*'];
  if (!content) return [`${where}: the document has no answer of type ${type}`];
  if (!content.schema) return [];
  return validate(content.schema, await response.clone().json()).map(text => `${where}: ${text}`);
}
