import { createHash } from 'node:crypto';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { noItem } from '../../core/address.ts';

/** A child's place: which step of which generation of which execution started it. */
export type Parent = Pick<ExecutionHeader, 'executionId' | 'generation'>;

/** Longest id that says where an execution comes from, characters. It is part of names of files, too. */
const maxIdLength = 200;

/** The id of a child: it follows from its parent's, so that it is started once, and is never longer than that, however deep it lies. */
export function toChildId(parent: Parent, stepId: string, item: number): string {
  const id = toLongChildId(parent, stepId, item);
  if (id.length <= maxIdLength) return id;
  return `${toRootId(id)}.${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

/** The id as it was made up to 0.3.0: it grows with the depth. Undefined: it is the same. */
export function toFormerChildId(parent: Parent, stepId: string, item: number): string | undefined {
  const id = toLongChildId(parent, stepId, item);
  return id.length <= maxIdLength ? undefined : id;
}

function toLongChildId({ executionId, generation }: Parent, stepId: string, item: number): string {
  const id = item === noItem ? `${executionId}.${stepId}` : `${executionId}.${stepId}.${item}`;
  return generation === 1 ? id : `${id}~${generation}`;
}

/** The execution at the top of a tree of child flows, by the id of any below: its first part. */
export function toRootId(executionId: string): string {
  const end = executionId.indexOf('.');
  return (end < 0 ? executionId : executionId.slice(0, end)).slice(0, maxIdLength / 2);
}

/** Where a child stands. */
export interface ParentStep {
  readonly position: number;
  readonly item: number;
  readonly generation: number;
  /** How many executions are above it: 1 for the child of one that nobody started. */
  readonly depth: number;
}

export function toParentStep({ position, item, generation, depth }: ParentStep): string {
  if (depth > 1) return `${position}.${item}.${generation}.${depth}`;
  return generation === 1 ? `${position}.${item}` : `${position}.${item}.${generation}`;
}

/** The inverse. Rows from before 0.4 have no depth. */
export function readParentStep(text: string): ParentStep {
  const [position = 0, item = noItem, generation = 1, depth = 1] = text.split('.').map(Number);
  return { position, item, generation, depth };
}

/** How many executions are above one. */
export const readDepth = (parentStep: string | null): number => (parentStep === null ? 0 : readParentStep(parentStep).depth);
