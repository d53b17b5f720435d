import { createSeededRandom } from '../core/ids.ts';
import { describePath } from './describe-path.ts';
import type { FlowModel } from './flow-model.ts';
import { listOffers } from './flow-offers.ts';
import type { FlowPath } from './flow-paths.ts';
import type { PathEvent } from './path-event.ts';

const maxEvents = 20_000;

/** Walks a flow: each number picks among what may happen then; 0, and everything after the last, is the way it goes well. */
export function walkByChoices(model: FlowModel, choices: readonly number[]): FlowPath {
  const states = [model.initial];
  const events: PathEvent[] = [];
  for (let state = model.initial; state.status === 'active' && events.length < maxEvents; ) {
    const offers = listOffers(model.flow, state);
    const event = offers[(choices[events.length] ?? 0) % offers.length];
    if (!event) break;
    events.push(event);
    state = model.transition(state, event);
    states.push(state);
  }
  return { name: describePath(events, states), events };
}

/** A random walk; the same seed walks the same way. Two of three times things go well. */
export function walkBySeed(model: FlowModel, seed: number): FlowPath {
  const random = createSeededRandom(seed);
  const choices = Array.from({ length: 4 * model.flow.plan.steps.length + 20 }, () => (random.next() < 0.67 ? 0 : Math.floor(random.next() * 12)));
  return walkByChoices(model, choices);
}
