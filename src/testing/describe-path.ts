import type { FlowState } from './flow-model.ts';
import type { PathEvent } from './path-event.ts';
import { toPlace } from './path-event.ts';
import { isAsking } from '../kernel/tree.ts';

const times = ['', '', ' twice', ' three times'];

interface Line {
  readonly place: string;
  readonly verbs: string[];
}

/** Says what is special about a path: `balance fails twice, then completes; swap times out; scored 0`. */
export function describePath(events: readonly PathEvent[], states: readonly FlowState[]): string {
  const lines: Line[] = [];
  const add = (place: string, verb: string): void => {
    const known = lines.find(line => line.place === place);
    if (known) known.verbs.push(verb);
    else lines.push({ place, verbs: [verb] });
  };
  for (const [index, event] of events.entries()) {
    const before = states[index] as FlowState;
    if (event.type === 'cancel') lines.push({ place: 'the flow', verbs: [listRunning(before) === '' ? 'is cancelled' : `is cancelled while ${listRunning(before)} ${listRunning(before).includes(' and ') ? 'run' : 'runs'}`] });
    else if (event.type === 'crash') lines.push({ place: 'the process', verbs: [`ends while ${listRunning(before)} ${listRunning(before).includes(' and ') ? 'run' : 'runs'}`] });
    else if (event.type === 'elapse') for (const place of event.due) addElapsed(place, before, add);
    else add(toPlace(event), toVerb(event));
  }
  const special = lines.filter(({ verbs }) => verbs.some(verb => verb !== 'starts' && verb !== 'completes' && verb !== 'sleeps'));
  const texts = special.map(({ place, verbs }) => `${place} ${compress(verbs.filter(verb => verb !== 'starts'))}`);
  return [...(texts.length === 0 ? ['everything completes'] : texts), describeEnd(states.at(-1) as FlowState)].join('; ');
}

function toVerb(event: Extract<PathEvent, { step: string }>): string {
  if (event.type === 'complete') return 'completes';
  if (event.type === 'fail') return event.retryable ? 'fails' : 'fails for good';
  if (event.type === 'child') return event.passes ? 'completes' : 'fails';
  if (event.type === 'answer') return { retry: 'is tried again on request', use: 'is given an output', skip: 'is left out', fail: 'is given up' }[event.action];
  if (event.type === 'signal') return event.early ? 'is signalled early' : 'completes';
  if (event.result === 'skip') return 'is excluded by its condition';
  if (event.result === 'fail') return 'cannot be prepared';
  return event.items === undefined || event.items === 2 ? 'starts' : event.items === 0 ? 'has no items' : 'has one item';
}

function addElapsed(place: string, { tree }: FlowState, add: (place: string, verb: string) => void): void {
  if (place === 'flow') return add('the flow', 'runs out of time');
  const step = tree.plan.steps[tree.plan.positions.get(place.replace(/\[\d+\]$/, '')) ?? -1];
  const actor = step && tree.actors.get(step.position);
  const value = actor?.snapshot.value;
  // A back-off that ends is not worth a word: the next attempt tells.
  if (value === 'retrying') return;
  const item = actor && 'items' in actor ? actor.items.get(Number(/\[(\d+)\]$/.exec(place)?.[1])) : undefined;
  if (item?.snapshot.value === 'retrying') return;
  const isAsked = actor !== undefined && !('items' in actor) && isAsking(actor);
  add(place, step?.role === 'sleep' ? 'sleeps' : isAsked ? 'is not answered' : 'times out');
}

function listRunning({ tree }: FlowState): string {
  const names: string[] = [];
  for (const actor of tree.actors.values()) {
    if ('items' in actor) {
      for (const item of actor.items.values()) if (item.snapshot.value === 'running') names.push(toPlace({ step: actor.step.id, item: item.item }));
    } else if (actor.snapshot.value === 'running') {
      names.push(actor.step.id);
    }
  }
  return names.length > 3 ? `${names[0]} and ${names.length - 1} more` : names.join(' and ');
}

function compress(verbs: readonly string[]): string {
  const runs: { verb: string; count: number }[] = [];
  for (const verb of verbs) {
    const last = runs.at(-1);
    if (last?.verb === verb) last.count++;
    else runs.push({ verb, count: 1 });
  }
  return runs.map(({ verb, count }) => `${verb}${times[count] ?? ` ${count} times`}`).join(', then ');
}

function describeEnd({ tree, status }: FlowState): string {
  const { value, context } = tree.flow;
  if (status === 'active') return `still ${value}`;
  return value === 'scored' ? `scored ${Math.round((context.score ?? 0) * 100) / 100}` : 'failed';
}
