import type { Records } from '../../../persistence/store.ts';
import { noItem, toLocalAddress } from '../../core/address.ts';
import { FlowError } from '../../core/errors.ts';
import type { Described, Holding, Rehearsal, Subject } from '../../engine/holding.ts';
import type { Envelope, Kind } from '../../engine/kind.ts';
import type { Changes, Effect } from '../../kernel/changes.ts';
import { createChanges } from '../../kernel/changes.ts';
import { deliver, resume } from '../../kernel/deliver.ts';
import type { Explained } from '../../kernel/explain-machines.ts';
import { explainMachines } from '../../kernel/explain-machines.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { Message, Prepared } from '../../kernel/messages.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { copyTree, toStartEvent } from '../../kernel/tree.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { adoptPlans } from './plan-registry.ts';
import type { FlowCommand } from './flow-commands.ts';
import { isStart } from './flow-commands.ts';
import { loadTree } from './loader.ts';
import type { Neighbours } from './post-following.ts';
import { postFollowing } from './post-following.ts';
import type { Resident } from './resident.ts';
import { findLackOfRoom } from './check-signal.ts';

export interface FlowHoldingOptions extends Neighbours {
  readonly kind: Kind<FlowCommand>;
  readonly store: Records;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly maxInterruptions: number;
  readonly getResident: (executionId: string) => Resident | undefined;
  /** Whether it runs in a process of its own. */
  readonly isElsewhere: (executionId: string) => boolean;
  /** It begins when it is told so, and not when there is room. */
  readonly keepWaiting: (executionId: string) => void;
  readonly released: (executionId: string) => unknown;
}

/** How flows are held and walked through beforehand. */
export class FlowHolding implements Holding<FlowCommand, Envelope> {
  readonly #options: FlowHoldingOptions;

  constructor(options: FlowHoldingOptions) {
    this.#options = options;
  }

  subjectOf(command: FlowCommand): Subject {
    if (command.type === 'start') return { ...toSubject(command.header.executionId), group: command.header.flowId, passes: true };
    if ('resident' in command) return { ...toSubject(command.resident.header.executionId), group: command.resident.header.flowId, passes: command.type !== 'late' };
    const { executionId } = command;
    return {
      ...toSubject(executionId), group: this.#options.getResident(executionId)?.header.flowId,
      passes: command.type === 'message' && command.message.to === 'flow' && command.message.event.type === 'flow.cancel',
    };
  }

  describe(command: FlowCommand): Described {
    if (command.type === 'message') return describeMessage(command.message, this.#options.getResident(command.executionId)?.tree);
    if (command.type === 'late') return describeMessage(command.message, command.resident.tree);
    return { address: '', event: { type: command.type === 'wake' ? 'flow.wake' : `flow.${command.type}` }, size: 64 };
  }

  apart(command: FlowCommand): readonly [FlowCommand, FlowCommand] | undefined {
    if (command.type !== 'start' || command.later) return undefined;
    const { executionId, generation } = command.header;
    this.#options.keepWaiting(executionId);
    return [{ ...command, later: true }, toBegin(executionId, generation)];
  }

  async find(key: string): Promise<{ readonly group: string; readonly path: string } | undefined> {
    const record = await this.#options.store.getExecution(key);
    if (!record) return undefined;
    if (this.#options.isElsewhere(key)) {
      throw new FlowError('debug_isolated', `Expected an execution that runs in this process, ${key} runs in a process of its own: it can be watched, not held. Start it with \`isolate: false\`, or open the runtime with \`isolation: false\``);
    }
    if (record.settledAt !== null) throw new FlowError('execution_settled', `Expected an unsettled execution to hold, ${key} has settled`);
    return { group: record.flowId, path: key };
  }

  released(key: string): void {
    this.#options.released(key);
  }

  async rehearse(command: FlowCommand, rehearsal: Rehearsal<Envelope>): Promise<void> {
    if (command.type === 'late') {
      const { address, event } = describeMessage(command.message, command.resident.tree);
      return rehearsal.enter({ key: command.resident.header.executionId, address, event, state: null });
    }
    if (command.type !== 'message' && command.type !== 'wake') return;
    const tree = await this.#getTree(command.executionId, rehearsal);
    if (!tree || command.type === 'wake') return;
    const { generation = tree.generation, message } = command;
    if (generation !== tree.generation || (isStart(message) && tree.flow.value !== 'pending')) return;
    const full = command.isCalled && message.to === 'signal' ? findLackOfRoom(tree, message.signal) : undefined;
    if (full) throw full;
    const delivered: Message = isStart(message) ? { to: 'flow', event: toStartEvent(tree) } : message;
    this.#move(tree, rehearsal, (machines, changes) => deliver(machines, tree, delivered, rehearsal.now, changes), 'output' in message ? message.output : undefined);
  }

  /** A copy, the same one through the whole rehearsal. What is not in memory is read back, which may move it. */
  async #getTree(executionId: string, rehearsal: Rehearsal<Envelope>): Promise<FlowTree | undefined> {
    const { kind, getResident } = this.#options;
    const trees = rehearsal.scratch(kind, () => new Map<string, FlowTree>());
    const known = trees.get(executionId);
    if (known) return known;
    const resident = getResident(executionId);
    const tree = resident ? copyTree(resident.tree) : await this.#read(executionId);
    if (!tree) return undefined;
    trees.set(executionId, tree);
    if (!resident && tree.flow.value !== 'pending') this.#move(tree, rehearsal, (machines, changes) => resume(machines, tree, rehearsal.now, changes));
    return tree;
  }

  async #read(executionId: string): Promise<FlowTree | undefined> {
    const { store, plans, machines, maxInterruptions } = this.#options;
    const record = await store.getExecution(executionId);
    if (!record || record.settledAt !== null) return undefined;
    await adoptPlans(store, plans, record);
    return (await loadTree(store, machines, await plans.load(store, record.digest), record, maxInterruptions)).tree;
  }

  #move(tree: FlowTree, rehearsal: Rehearsal<Envelope>, work: (machines: Machines, changes: Changes) => void, output?: string): void {
    const changes = createChanges();
    const explained: Explained[] = [];
    const { executionId: key } = tree;
    try {
      work(explainMachines(this.#options.machines, one => void explained.push(one)), changes);
    } finally {
      let next = 0;
      for (const [index, [address, event, state]] of changes.entries.entries()) {
        // One that reached nobody was asked of no machine.
        const found = explained[next]?.event === event ? explained[next++] : undefined;
        const { before, after, why } = found ?? {};
        rehearsal.enter({
          key, address, event, state,
          ...(why && { choice: { guard: why.taken?.guard, refused: why.refused, actions: why.taken?.actions ?? [] } }),
          ...(before && after && { before: toShown(before), after: toShown(after) }),
          ...(index === 0 && output !== undefined && { output }),
        });
      }
    }
    for (const effect of changes.effects) rehearsal.perform(describeEffect(effect, tree));
    postFollowing(key, tree, changes, this.#options, rehearsal);
  }
}

/** What an execution is told that is to begin only when somebody says so. */
export const toBegin = (executionId: string, generation: number): FlowCommand =>
  ({ type: 'message', executionId, generation, message: { to: 'flow', event: { type: 'flow.start', ready: 0 } } });

const toSubject = (executionId: string): Pick<Subject, 'key' | 'path'> => ({ key: executionId, path: executionId });

const toShown = ({ value, context }: { readonly value: string; readonly context: unknown }): object => ({ value, context });

function describeMessage(message: Message, tree: FlowTree | undefined): Described {
  const toPlace = (position: number, item: number): string => toLocalAddress(tree?.plan.steps[position]?.id ?? `#${position}`, item);
  const describe = (address: string, event: object & { readonly type: string }, output?: string): Described =>
    ({ address, event: event as Described['event'], ...(output !== undefined && { output }), size: JSON.stringify(event).length + (output?.length ?? 0) });
  switch (message.to) {
    case 'flow':
    case 'consolidated':
      return describe('', message.event);
    case 'step':
      return describe(toPlace(message.position, message.item), message.event, message.output);
    case 'prepared': {
      const { prepared } = message;
      const output = prepared.type === 'start' ? (prepared.list ?? prepared.input)?.json : undefined;
      return describe(toPlace(message.position, message.item), toPreparedEvent(prepared), output ?? undefined);
    }
    case 'again':
      return describe(toPlace(message.position, message.item), { type: 'step.again' });
    case 'signal':
      return describe('', toSignalEvent(message), message.signal.payload);
    case 'machine':
      return describe(toLocalAddress(message.place.stepId, message.place.item), message.event, message.output);
    case 'offer':
      return describe('', { type: 'signals.offer' });
  }
}

function describeEffect(effect: Effect, tree: FlowTree): string {
  if (!('position' in effect)) return effect.type;
  const { type, position, item } = effect;
  return `${type} ${toLocalAddress(tree.plan.steps[position]?.id ?? `#${position}`, item ?? noItem)}`;
}

const toPreparedEvent = (prepared: Prepared): Described['event'] => ({ type: 'step.prepared', outcome: prepared.type, ...('failure' in prepared && { failure: prepared.failure }) });

const toSignalEvent = ({ signal, refused }: Extract<Message, { to: 'signal' }>): Described['event'] => ({ type: 'signal', name: signal.name, ...(refused && { refused }) });
