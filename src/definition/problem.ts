import { FlowError, type Place } from '../core/errors.ts';

/** A place inside a definition: keys and positions from its root. */
export type Path = readonly (string | number)[];

/** One mistake in a definition. */
export interface Problem {
  /** Stable; each has a heading in docs/reference/errors.md. */
  readonly code: string;
  /** A whole sentence: what was expected, what was found, what to do. */
  readonly message: string;
  /** Line and column only when the definition came from a file or text. */
  readonly place: Place;
  readonly expected: string;
  readonly found: string;
}

/** What a check reports; the place is added by whoever knows where the definition came from. */
export interface Finding {
  readonly code: string;
  readonly path: Path;
  readonly expected: string;
  readonly found: string;
  /** In place of ``Expected `path` to be <expected>, got <found>``. */
  readonly message?: string;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
  /** Characters into the value, when it is a string. */
  readonly offset?: number;
}

const maxListed = 50;

/**
 * Makes the one error for all problems of a definition.
 *
 * Code `definition_invalid`; `details.problems` lists every problem, the message the first 50.
 */
export function toDefinitionError(problems: readonly Problem[], source: string): FlowError {
  const first = problems[0];
  const details = { problems };
  if (problems.length === 1 && first) {
    return new FlowError('definition_invalid', `${formatPlace(first.place, source)}${first.message}`, { place: first.place, details });
  }
  const lines = problems.slice(0, maxListed).map(problem => `  ${formatPlace(problem.place, '')}${problem.message}`);
  if (problems.length > maxListed) lines.push(`  and ${problems.length - maxListed} more`);
  return new FlowError('definition_invalid', [`${problems.length} problems in ${source}:`, ...lines].join('\n'), {
    ...(first && { place: first.place }),
    details,
  });
}

function formatPlace(place: Place, source: string): string {
  const at = place.line === undefined ? [] : [place.line, place.column ?? 1];
  const parts = source === '' ? at : [source, ...at];
  return parts.length === 0 ? '' : `${parts.join(':')}: `;
}
