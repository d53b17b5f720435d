import { isBuiltIn } from '../../kernel/consolidated-record.ts';
import { type FlowTree, getSignalName, isFanOut, isSwitched, isToRetry, type FanOutActor, type StepActor } from '../../kernel/tree.ts';
import { toPlaceAddress } from './rebuild-tree.ts';

/** What a flow waits for from outside. */
export type QuestionKind = 'start' | 'prepare' | 'run' | 'timer' | 'signal' | 'ask' | 'child' | 'machine' | 'consolidate';

/** Something that only the outside can answer: in a fork that is whoever looks at it. */
export interface Question {
  readonly kind: QuestionKind;
  /** Below the flow; `''`: the flow. */
  readonly address: string;
  readonly position: number;
  readonly item: number;
  /** Of a run: which one. */
  readonly run: number;
  /** When it ends by itself, epoch ms. */
  readonly dueAt: number | null;
  /** The name of the signal that answers it. */
  readonly signal?: string;
}

/** All that a tree waits for, in the order of its steps. */
export function listQuestions(tree: FlowTree): Question[] {
  const flow = { address: '', position: -1, item: -1, run: 0, dueAt: null } as const;
  if (tree.flow.value === 'pending') return [{ kind: 'start', ...flow }];
  if (tree.flow.value === 'consolidating' && !isBuiltIn(tree.plan)) return [{ kind: 'consolidate', ...flow }];
  const questions: Question[] = [];
  for (const actor of tree.actors.values()) {
    const own = toQuestion(tree, actor);
    if (own) questions.push(own);
    if (isFanOut(actor)) for (const item of actor.items.values()) questions.push(...[toQuestion(tree, item)].filter(question => question !== undefined));
  }
  return questions;
}

function toQuestion(tree: FlowTree, actor: StepActor | FanOutActor): Question | undefined {
  const { position, role } = actor.step;
  const item = isFanOut(actor) ? -1 : actor.item;
  const { run = 0, dueAt = null, recovery = null } = actor.snapshot.context as Partial<StepActor['snapshot']['context']>;
  const base = { address: toPlaceAddress(tree, position, item), position, item, run, dueAt };
  const { value } = actor.snapshot;
  if (value === 'pending') return actor.holdsSlot ? { kind: 'prepare', ...base } : undefined;
  if (isFanOut(actor) || isToRetry(actor)) return undefined;
  if (value === 'running') return { kind: 'run', ...base };
  if (value === 'retrying') return actor.isDue ? undefined : { kind: 'timer', ...base };
  if (value !== 'waiting' || isSwitched(actor)) return undefined;
  const signal = getSignalName(actor);
  if (recovery === 'ask') return { kind: 'ask', ...base, ...(signal !== undefined && { signal }) };
  if (role === 'sleep') return { kind: 'timer', ...base };
  if (role === 'signal') return { kind: 'signal', ...base, ...(signal !== undefined && { signal }) };
  return { kind: role === 'flow' ? 'child' : 'machine', ...base };
}
