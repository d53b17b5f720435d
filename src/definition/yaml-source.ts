import * as yaml from 'yaml';
import type { Document, Node, Scalar, YAMLError } from 'yaml';
import type { Place } from '../core/errors.ts';
import { formatPath } from '../core/wording.ts';
import type { Finding, Path, Problem } from './problem.ts';
import { AliasesTooMany, YamlValues } from './yaml-value.ts';

/** A YAML text that was read, and where everything in it is. */
export interface YamlSource {
  readonly value: unknown;
  readonly locate: (finding: Finding) => Place;
}

const maxProblems = 20;

/** Reads YAML (and so JSON) into plain values; what is no YAML comes back as problems. */
export function readYaml(text: string, file: string | undefined): YamlSource | { readonly problems: readonly Problem[] } {
  const lines = new yaml.LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { ...(file !== undefined && { file }), line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    // Keys that are there twice are found below: the library compares each key with each.
    const document = withoutStacks(() => yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', uniqueKeys: false }));
    const mistakes = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (mistakes.length > 0) return { problems: mistakes.slice(0, maxProblems).map(mistake => toProblem(mistake, place)) };
    keepVersionAsWritten(document);
    const values = new YamlValues(yaml, document);
    const value = values.read();
    if (values.mistakes.length > 0) {
      return { problems: values.mistakes.slice(0, maxProblems).map(({ node, ...problem }) => ({ ...problem, place: place(node?.range?.[0] ?? 0) })) };
    }
    return { value, locate: finding => locate(document, values, text, finding, place) };
  } catch (error) {
    if (error instanceof RangeError) return { problems: [notYaml(place(0), 'Expected YAML that is nested less deeply')] };
    if (error instanceof AliasesTooMany) return { problems: [notYaml(place(0), error.message, 'aliases_too_many')] };
    throw error;
  }
}

/** The library makes an error of each mistake; nobody reads where in the library that was, and it is most of the work. */
function withoutStacks<Value>(work: () => Value): Value {
  const { stackTraceLimit } = Error;
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return work();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/** What is wrong with the indentation, as people see it. */
const sameColumn = 'all keys of an object, and all `-` of a list, begin in the same column: correct the spaces before this line';
const cures: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_INDENT: sameColumn,
  TAB_AS_INDENT: 'indent with spaces, tabs are not allowed',
  BLOCK_AS_IMPLICIT_KEY: 'a key below another one is indented further than it, on a line of its own; a text that contains `: ` stands in quotes',
  MULTILINE_IMPLICIT_KEY: sameColumn,
  MISSING_CHAR: 'a key is followed by `: `; a text of several lines is indented further than its key',
};

function toProblem(error: YAMLError, place: (offset: number) => Place): Problem {
  const [from] = error.pos;
  const reason = error.message.split('\n', 1)[0] ?? 'unknown reason';
  // Of what is not closed the place of its end says nothing.
  const cure = reason.startsWith('Sequence item') ? sameColumn : /^(?:Missing closing|Flow )/.test(reason) ? undefined : cures[error.code];
  return { code: 'not_yaml', message: `Expected YAML, got something else: ${reason}${cure === undefined ? '' : `; ${cure}`}`, place: place(from), expected: 'YAML', found: reason };
}

function notYaml(place: Place, message: string, code = 'not_yaml'): Problem {
  return { code, message, place, expected: 'YAML', found: message };
}

/** `version: 1.10` means the text `1.10`, not the number 1.1. */
function keepVersionAsWritten(document: Document): void {
  if (!yaml.isMap(document.contents)) return;
  const version: unknown = document.contents.get('version', true);
  if (yaml.isScalar(version) && typeof version.value === 'number' && version.source !== undefined) version.value = version.source;
}

function locate(document: Document, values: YamlValues, text: string, finding: Finding, place: (offset: number) => Place): Place {
  const found = findNode(document, values, finding.path, finding.atKey === true);
  const start = found?.range?.[0] ?? 0;
  const within = finding.offset === undefined || !yaml.isScalar(found) ? 0 : toSourceOffset(found, text, finding.offset);
  const path = formatPath(finding.path);
  return { ...place(start + within), ...(path !== '' && { path }) };
}

/** The node at a path, or the nearest around it. For something missing: the key of the object it is missing from. */
function findNode(document: Document, values: YamlValues, path: Path, atKey: boolean): Node | undefined {
  let node = values.resolve(document.contents);
  let nearest = node;
  for (const [depth, key] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (yaml.isMap(node)) {
      const pair = values.findPair(node, String(key));
      if (!pair) return nearest;
      const keyNode = pair.key as Node;
      const valueNode = values.resolve(pair.value as Node | null);
      if (isLast && (atKey || !valueNode)) return keyNode;
      nearest = keyNode;
      node = valueNode;
    } else if (yaml.isSeq(node)) {
      node = values.resolve(node.items[Number(key)] as Node | undefined);
      nearest = node ?? nearest;
    } else {
      return nearest;
    }
  }
  return node ?? nearest;
}

/** Turns an offset in a text's value into one in its source, where they run in step; else 0, its beginning. */
function toSourceOffset(node: Scalar, text: string, offset: number): number {
  const [start, end] = node.range ?? [0, 0];
  const source = text.slice(start, end);
  const value = String(node.value);
  if (node.type === yaml.Scalar.PLAIN) return source === value ? offset : 0;
  if (node.type === yaml.Scalar.QUOTE_DOUBLE || node.type === yaml.Scalar.QUOTE_SINGLE) return source.slice(1, -1) === value ? offset + 1 : 0;
  if (node.type !== yaml.Scalar.BLOCK_LITERAL) return 0;
  const before = value.slice(0, offset).split('\n');
  const sourceLines = source.split('\n');
  const line = sourceLines[before.length];
  if (line === undefined) return 0;
  const valueLine = value.split('\n')[before.length - 1] ?? '';
  const indent = line.length - valueLine.length;
  const lengthBefore = sourceLines.slice(0, before.length).reduce((sum, part) => sum + part.length + 1, 0);
  return indent < 0 ? 0 : lengthBefore + indent + (before.at(-1)?.length ?? 0);
}
