import { didYouMean } from '../core/wording.ts';
import { type CheckedGraph, nameStep } from './check-graph.ts';
import { findCure, findHyphenated, findHyphenName } from './expression-cures.ts';
import type { Expression, ExpressionMistake } from './expression.ts';
import { functionNames, rootNames, stepFields } from './expression-scan.ts';
import { type AncestorQuery, findNotUpstream } from './graph.ts';
import { isObject, type StepOutline } from './outline.ts';
import type { Finding, Path } from './problem.ts';
import { hasExpression, parseBareExpression, parseTemplate, TemplateCache } from './template.ts';

interface Reference extends AncestorQuery {
  readonly path: Path;
  readonly expression: Expression;
  readonly offset: number;
}

/** Checks every expression of a flow: its syntax, and whether what it reads is there when it is evaluated. */
export function checkExpressions(steps: readonly StepOutline[], checked: CheckedGraph, cache: TemplateCache): Finding[] {
  const findings: Finding[] = [];
  const references: Reference[] = [];
  for (const [at, step] of steps.entries()) {
    for (const { path, text, isBare } of listTexts(step)) {
      const template = isBare ? parseBareExpression(text, cache) : parseTemplate(text, cache);
      for (const mistake of template.mistakes) findings.push(toSyntaxFinding(path, mistake));
      if (isBare && template.parts.length > 1) findings.push(toMixedFinding(path, text));
      for (const part of template.parts) {
        if (typeof part === 'string') continue;
        const { expression, offset } = part;
        // A function is named by its place, which is no expression.
        const hyphenated = expression.reads.dependencies ? undefined : findHyphenated(expression.source, id => checked.positions.has(id));
        if (hyphenated !== undefined && !expression.reads.steps.has(hyphenated)) {
          findings.push({ ...toHyphenated(hyphenated, expression, path), offset });
          continue;
        }
        findings.push(...checkNames(expression, step, path, offset));
        for (const id of expression.reads.steps) {
          const ancestor = checked.positions.get(id);
          if (ancestor === undefined) findings.push({ ...toUnknownStep(id, expression, path, checked), offset });
          else references.push({ step: at, ancestor, path, expression, offset });
        }
      }
    }
  }
  if (!checked.hasCycle) {
    for (const reference of findNotUpstream(checked.graph, references)) findings.push(toNotUpstream(reference, steps));
  }
  return findings;
}

/** Checks the expressions of a value that is evaluated when all steps have settled: it may read any step. */
export function checkLastExpressions(value: unknown, path: Path, checked: CheckedGraph, cache: TemplateCache): Finding[] {
  const reader: StepOutline = { position: 0, id: String(path[0]), uses: undefined, dependsOn: [], source: {} };
  const texts: Text[] = [];
  collectTexts(value, [...path], texts);
  return texts.flatMap(({ path: at, text }) => {
    const { mistakes, parts } = parseTemplate(text, cache);
    const named = parts.flatMap(part => {
      if (typeof part === 'string') return [];
      const { expression, offset } = part;
      const unknown = [...expression.reads.steps].filter(id => !checked.positions.has(id));
      return [...checkNames(expression, reader, at, offset), ...unknown.map(id => ({ ...toUnknownStep(id, expression, at, checked), offset }))];
    });
    return [...mistakes.map(mistake => toSyntaxFinding(at, mistake)), ...named];
  });
}

interface Text {
  readonly path: Path;
  readonly text: string;
  /** `{% %}` may be left out. */
  readonly isBare: boolean;
}

/** The expressions of a step that can be read, with where they stand. */
export function listExpressions(step: StepOutline): { readonly path: Path; readonly expression: Expression }[] {
  const cache = new TemplateCache();
  return listTexts(step).flatMap(({ path, text, isBare }) =>
    (isBare ? parseBareExpression(text, cache) : parseTemplate(text, cache)).parts.flatMap(part => (typeof part === 'string' ? [] : [{ path, expression: part.expression }])));
}

/** Texts of a step that hold expressions. */
function listTexts(step: StepOutline): Text[] {
  const { when, for_each: list, with: input, artifacts } = step.source;
  const texts: Text[] = [];
  const path = ['steps', step.position, 'when'];
  if (typeof when === 'string') texts.push({ path: [...path], text: when, isBare: true });
  path[2] = 'for_each';
  if (typeof list === 'string') texts.push({ path: [...path], text: list, isBare: true });
  else collectTexts(list, path, texts);
  path[2] = 'with';
  collectTexts(input, path, texts);
  path[2] = 'artifacts';
  for (const [at, artifact] of (Array.isArray(artifacts) ? artifacts : []).entries()) {
    if (!isObject(artifact)) continue;
    const { from, name, file } = artifact;
    if (typeof from === 'string') texts.push({ path: [...path, at, 'from'], text: from, isBare: true });
    collectTexts({ name, file }, [...path, at], texts);
  }
  return texts;
}

function collectTexts(value: unknown, path: (string | number)[], texts: Text[]): void {
  if (typeof value === 'string') {
    if (hasExpression(value)) texts.push({ path: [...path], text: value, isBare: false });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    path.push(isList ? Number(key) : key);
    collectTexts((value as Record<string, unknown>)[key], path, texts);
    path.pop();
  }
}

function toMixedFinding(path: Path, text: string): Finding {
  const name = String(path.at(-1));
  return {
    code: 'invalid_value',
    path,
    expected: 'one expression',
    found: `\`${text}\``,
    message: `Expected \`${name}\` to be one expression, got \`${shorten(text)}\`; leave \`{%\` and \`%}\` out, or put them around all of it`,
  };
}

function toSyntaxFinding(path: Path, { source, message, offset }: ExpressionMistake): Finding {
  const found = source.trim() === '' ? 'nothing' : `\`${shorten(source)}\``;
  return {
    code: 'expression_syntax',
    path,
    expected: 'a JSONata expression',
    found,
    message: `Expected \`${String(path.at(-1))}\` to hold JSONata, got ${found}: ${message}${findCure(source)}`,
    offset,
  };
}

const maxShown = 80;
const shorten = (text: string): string => {
  const shown = text.trim().replaceAll(/\s+/g, ' ');
  return shown.length > maxShown ? `${shown.slice(0, maxShown - 1)}…` : shown;
};

const code = (names: readonly string[]): string => names.map(name => `\`${name}\``).join(', ');

function checkNames({ source, reads }: Expression, step: StepOutline, path: Path, offset: number): Finding[] {
  const findings: Finding[] = [];
  const within = `\`${shorten(source)}\``;
  const report = (expected: string, found: string, message: string): void => {
    findings.push({ code: 'unknown_name', path, expected, found: `\`${found}\``, message, offset });
  };
  const ofArtifact = path[2] === 'artifacts';
  const roots = ofArtifact ? [...rootNames, 'output'] : rootNames;
  for (const name of reads.unknownNames) {
    if (ofArtifact && name === 'output') continue;
    const whole = findHyphenName(source, name);
    const hint = whole !== undefined ? `; a name with \`-\` in it stands in backquotes: \`\`${whole}\`\`` : name === 'inputs' ? '; did you mean `input`?' : didYouMean(name, roots);
    report(`one of ${code(roots)}`, name, `Expected the expression ${within} to begin with ${code(roots)}, got \`${name}\`${hint}`);
  }
  for (const name of reads.unknownFields) {
    report(`one of ${code(stepFields)}`, name, `Expected the expression ${within} to read ${code(stepFields)} of a step, got \`${name}\`${didYouMean(name, stepFields) || `; did you mean \`output.${name}\`?`}`);
  }
  for (const name of reads.unknownVariables) {
    const hint = name === 'eval' ? '; `$eval` is switched off' : didYouMean(name, functionNames);
    report('a function of JSONata, or a variable bound in the expression', `$${name}`, `Expected every name in the expression ${within} to be known, got \`$${name}\`${hint.replace('mean `', 'mean `$')}`);
  }
  const isItemKnown = (path[2] === 'with' || ofArtifact) && step.source['for_each'] !== undefined;
  if (reads.readsItem && !isItemKnown) {
    const reason = path[2] === 'with' || ofArtifact ? 'give the step a `for_each`' : `\`${String(path[2])}\` is evaluated before there are items`;
    findings.push({
      code: 'item_unknown',
      path,
      expected: '`item` and `index` only in `with` and `artifacts` of a step with `for_each`',
      found: within,
      message: `Expected \`item\` and \`index\` only in \`with\` and \`artifacts\` of a step with \`for_each\`, got ${within} in ${nameStep(step)}; ${reason}`,
      offset,
    });
  }
  return findings;
}

function toHyphenated(id: string, { source }: Expression, path: Path): Finding {
  return {
    code: 'unknown_step', path, expected: `\`\`steps.\`${id}\`\`\``, found: `\`steps.${id}\``,
    message: `Expected the expression \`${shorten(source)}\` to name steps of this flow, got \`steps.${id}\`, a subtraction; an id with \`-\` in it stands in backquotes: \`\`steps.\`${id}\` \`\``,
  };
}

function toUnknownStep(id: string, { source }: Expression, path: Path, checked: CheckedGraph): Finding {
  return {
    code: 'unknown_step',
    path,
    expected: 'the id of a step of this flow',
    found: `\`${id}\``,
    message: `Expected the expression \`${shorten(source)}\` to name steps of this flow, got \`${id}\`${didYouMean(id, checked.positions.keys())}`,
  };
}

function toNotUpstream({ step, ancestor, path, expression, offset }: Reference, steps: readonly StepOutline[]): Finding {
  const id = steps[ancestor]?.id ?? '?';
  const reader = steps[step];
  const self = step === ancestor;
  return {
    code: 'step_not_upstream',
    path,
    expected: 'a step that ends before this one starts',
    found: `\`${id}\``,
    offset,
    message: self
      ? `Expected the expression \`${shorten(expression.source)}\` to read steps that end before ${reader ? nameStep(reader) : 'it'} starts, got the step itself`
      : `Expected \`${id}\` to end before ${reader ? nameStep(reader) : 'the step'} reads it in \`${shorten(expression.source)}\`, got a step that is not upstream; add \`${id}\` to \`depends_on\``,
  };
}
