import type { Actor, AnyStateMachine } from 'xstate';
import * as xstate from 'xstate';
import { ActorTree } from '../../src/kinds/actors/actor-tree.ts';
import { createEncoding, noHandles } from '../../src/kinds/actors/freeze-tree.ts';
import { MachineBook } from '../../src/kinds/actors/machine-book.ts';
import { restoreTree } from '../../src/kinds/actors/restore-tree.ts';
import { TreeParts } from '../../src/kinds/actors/tree-parts.ts';
import type { TreeOutcome } from '../../src/kinds/actors/tree-outcome.ts';
import { tracked } from './corpus/track.ts';
import { tellApart } from './tell-apart.ts';

/** One thing that happens to a machine: an event, or so many ms. */
export type Stimulus = { readonly event: string } | { readonly ms: number };

/** What can be seen of a machine after a stimulus. */
export interface Sight {
  readonly snapshot: string;
  readonly log: readonly string[];
}

const names = new Set(['sessionId', '_subscription', 'syncSnapshot', 'src']);
const data = new Set(['context', 'output', 'input', 'error']);
const strip = (snapshot: unknown): string =>
  JSON.stringify(snapshot, (key, value: unknown) => (names.has(key) ? undefined : value === null && key === 'children' ? {} : value !== undefined && data.has(key) ? tellApart(value) : value));

const toText = (snapshot: { readonly status: string; readonly value?: unknown; readonly context?: unknown; readonly tags?: ReadonlySet<string> }): string =>
  `${snapshot.status} ${JSON.stringify(snapshot.value)} ${JSON.stringify(tellApart(snapshot.context))} ${[...(snapshot.tags ?? [])].join()}`;

/** Runs a machine live, in XState's own system. */
export function runLive(machine: AnyStateMachine, stimuli: readonly Stimulus[], { createActor, SimulatedClock }: Pick<typeof xstate, 'createActor' | 'SimulatedClock'> = xstate): Sight[] {
  const clock = new SimulatedClock();
  let log: string[] = [];
  tracked.sink = (name, event) => log.push(`${name} for ${event}`);
  const actor: Actor<AnyStateMachine> = createActor(machine, { clock, id: 'root', logger: (...values: unknown[]) => log.push(`log ${JSON.stringify(values)}`) });
  const watch = log;
  void watch;
  actor.subscribe({ next: snapshot => log.push(`snapshot ${toText(snapshot)}`), error: error => log.push(`error ${(error as Error).message}`), complete: () => log.push('complete') });
  actor.on('*', event => log.push(`emit ${JSON.stringify(tellApart(event))}`));
  const sights: Sight[] = [];
  const look = (): void => {
    sights.push({ snapshot: strip((actor as unknown as { getPersistedSnapshot(options: object): unknown }).getPersistedSnapshot({ __unsafeAllowInlineActors: true })), log });
    log = [];
  };
  actor.start();
  look();
  for (const stimulus of stimuli) {
    if ('event' in stimulus) actor.send({ type: stimulus.event });
    else for (let ms = 0; ms < stimulus.ms; ms++) clock.increment(1);
    look();
  }
  actor.stop();
  tracked.sink = undefined;
  return sights;
}

/** Runs a machine as a tree; with `restarts`, through JSON after every stimulus. */
export function runTree(machine: AnyStateMachine, stimuli: readonly Stimulus[], restarts: boolean): Sight[] {
  let now = 1_000;
  let log: string[] = [];
  tracked.sink = (name, event) => log.push(`${name} for ${event}`);
  const outside = (): void => {};
  const sources = new MachineBook([machine]);
  let tree = new ActorTree('root', outside, (parent, logic) => sources.toName(parent, logic));
  const take = ({ effects, notices }: TreeOutcome): void => {
    const root = tree.root;
    const marks: string[] = [];
    for (const effect of effects) {
      if (effect.kind === 'action') {
        const args = { context: effect.context, event: effect.event, self: effect.actor, system: tree.system };
        effect.exec(args, effect.params);
      } else if (effect.kind === 'emit' && effect.actor === root) log.push(`emit ${JSON.stringify(tellApart(effect.event))}`);
      else if (effect.kind === 'log') log.push(`log ${JSON.stringify(effect.values)}`);
    }
    for (const { actor, snapshot, error } of notices) {
      if (actor !== root) continue;
      log.push(error === undefined ? `snapshot ${toText(snapshot as never)}` : `error ${(error as Error).message}`);
      if (snapshot.status === 'done') log.push('complete');
    }
    void marks;
  };
  const sights: Sight[] = [];
  let parts = new TreeParts();
  const look = (): void => {
    const { root } = tree;
    sights.push({ snapshot: strip((root.logic as unknown as { getPersistedSnapshot(snapshot: unknown): unknown }).getPersistedSnapshot(root._snapshot)), log });
    log = [];
    if (!restarts) return;
    parts.take(tree, createEncoding(tree, [], noHandles));
    const frozen = parts.toFrozen();
    const text = JSON.stringify(frozen);
    tree = restoreTree({ rootId: 'root', logic: machine, frozen, outside, codecs: [], handles: noHandles, sources });
    // Made of nothing but the restored tree: neither a change that was missed nor one that restoring made goes unseen.
    parts = new TreeParts();
    parts.adopt(tree, createEncoding(tree, [], noHandles), false, new Set());
    const again = JSON.stringify(parts.toFrozen());
    if (again !== text) throw new Error(`Restoring changed what is stored:\n${text}\n${again}`);
  };
  tree.create(machine, undefined);
  take(tree.begin(now));
  look();
  for (const stimulus of stimuli) {
    if ('event' in stimulus) take(tree.deliver(tree.root, { type: stimulus.event }, now));
    else {
      for (let ms = 0; ms < stimulus.ms; ms++) {
        now++;
        for (let outcome = tree.fire(now, Number.POSITIVE_INFINITY); outcome; outcome = tree.fire(now, Number.POSITIVE_INFINITY)) take(outcome);
      }
    }
    look();
  }
  tracked.sink = undefined;
  return sights;
}

/** The same sights, each line of kind by kind: within one event, live actions and snapshots of different actors interleave. */
export function sortKinds({ snapshot, log }: Sight): { readonly snapshot: string; readonly actions: string[]; readonly emitted: string[]; readonly seen: string[] } {
  const isOne = (line: string, kinds: readonly string[]): boolean => kinds.some(kind => line.startsWith(kind));
  return {
    snapshot,
    actions: log.filter(line => !isOne(line, ['emit ', 'snapshot ', 'error ', 'complete'])),
    emitted: log.filter(line => isOne(line, ['emit '])),
    seen: log.filter(line => isOne(line, ['snapshot ', 'error ', 'complete'])),
  };
}
