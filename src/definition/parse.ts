import { createPlan } from './compile-flow.ts';
import { examine } from './examine.ts';
import { FlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { describeValue } from '../core/wording.ts';
import { isObject } from './outline.ts';
import { toDefinitionError } from './problem.ts';
import type { FlowDefinition } from './schema.ts';
import { readYaml } from './yaml-source.ts';

/** Largest text of a definition, bytes. */
export const maxDefinitionBytes = 4 * 1024 * 1024;

export interface ParseFlowOptions {
  /** Where the text is from; only for complaints. */
  readonly file?: string;
  /** Names of the tools there are; a step that uses another is wrong. Default: any name will do. */
  readonly tools?: readonly string[];
  /** Ids of the machines there are; a step that uses another is wrong. Default: any id will do. */
  readonly machines?: readonly string[];
}

const parseKeys: KeysOf<ParseFlowOptions> = { file: true, tools: true, machines: true };

/**
 * Reads a flow from YAML or JSON text and checks it.
 *
 * Text of at most 4 MiB. Gives the definition with defaults filled in, durations in ms, frozen.
 *
 * @throws a `FlowError` with code `definition_invalid` (`details.problems` lists everything that is wrong, each with file,
 * line, column and path) or `definition_too_large`
 */
export function parseFlow(text: string, options: ParseFlowOptions = {}): FlowDefinition {
  const { file } = requireKnownKeys(options, parseKeys, '`parseFlow`');
  const name = file ?? 'the definition';
  if (text.length > maxDefinitionBytes) throw definitionTooLarge(name, Buffer.byteLength(text));
  const source = readYaml(text, file);
  if ('problems' in source) throw toDefinitionError(source.problems, name);
  const { value, locate } = source;
  if (!isObject(value)) {
    const found = value === null || value === undefined ? 'an empty text' : describeValue(value);
    const expected = 'a flow: an object with `id` and `steps`';
    const place = { ...(file !== undefined && { file }), line: 1, column: 1 };
    throw toDefinitionError([{ code: 'invalid_value', message: `Expected ${expected}, got ${found}`, place, expected, found }], name);
  }
  const examined = examine(value, locate, options);
  if ('problems' in examined) throw toDefinitionError(examined.problems, name);
  return createPlan(examined).definition;
}

/** The error for a definition above the limit. */
export function definitionTooLarge(name: string, bytes: number): FlowError {
  return new FlowError(
    'definition_too_large',
    `Expected ${name} to be at most ${maxDefinitionBytes} bytes, got ${bytes}; hand data to a flow as its input, not in its definition`,
    { details: { bytes, maxBytes: maxDefinitionBytes } },
  );
}
