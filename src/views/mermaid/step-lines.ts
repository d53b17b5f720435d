import type { StepDefinition } from '../../definition/schema.ts';
import { shortenLabel } from './escape-label.ts';

/** Writes an expression, or a value, as people read it in a label. */
export function formatExpression(value: unknown): string {
  return shortenLabel(typeof value === 'string' ? value.replace(/^\{%\s*|\s*%\}$/g, '') : JSON.stringify(value));
}

/** What a diagram says of a step of a definition, line by line. */
export function describeStep(step: StepDefinition): string[] {
  const attempts = (step.retry?.maxAttempts ?? 1) + (step.recover?.retry?.maxAttempts ?? 0);
  return [
    step.id,
    step.uses,
    ...(step.for_each === undefined ? [] : [`for each of ${formatExpression(step.for_each)}`]),
    ...(attempts > 1 ? [`up to ${attempts} attempts`] : []),
    ...(step.recover?.ask ? ['then asks a person'] : []),
    ...(step.critical === false ? ['optional'] : []),
    ...(step.run === 'always' ? ['always'] : []),
  ];
}
