import type { ActorSummary } from '../../kinds/actors/machine-api.ts';
import type { ActorNode, ActorView } from '../../kinds/actors/read-actor-view.ts';
import { describeSource } from '../../kinds/actors/actor-sources.ts';
import { describeStored } from '../../kinds/actors/value-marks.ts';
import { formatDateTime, formatDuration } from './durations.ts';
import { paintStatus, type Palette } from './palette.ts';
import { measure, pad, shorten, toCompactJson, toPlainLine } from './plain-text.ts';
import { renderTable } from './result-report.ts';

/** Widest state in a table; what it has is in the actor's own view. */
const stateColumns = 40;

const toStateText = (value: unknown): string => toCompactJson(value ?? '', stateColumns);

/** What an actor waits for. */
function describeWake({ status, wakeAt }: Pick<ActorSummary, 'status' | 'wakeAt'>, now: number): string {
  if (status !== 'active') return 'nothing';
  if (wakeAt === null) return 'an event';
  if (wakeAt === 0) return 'what it has begun';
  return wakeAt > now ? `${formatDateTime(wakeAt)} (in ${formatDuration(wakeAt - now)}), or an event` : `its turn: due since ${formatDateTime(wakeAt)}`;
}

/** Actors, one per line. */
export function renderActors(actors: readonly ActorSummary[], now: number, columns: number, palette: Palette): string {
  const rows = actors.map(actor => [toPlainLine(actor.id), actor.status, toPlainLine(actor.machineId), actor.blockedBy ? actor.blockedBy.code : toStateText(actor.value), describeWake(actor, now)]);
  return renderTable(['actor', 'status', 'machine', 'state', 'waits for'], rows, columns, palette);
}

/** One actor: how it stands, who lives below it, what is to come and what was. */
export function renderActor(actor: ActorView, at: ActorNode, now: number, columns: number, palette: Palette): string {
  const isRoot = at === actor.root;
  const machine = `${toPlainLine(actor.machineId)}${actor.machineVersion === '' ? '' : ` ${toPlainLine(actor.machineVersion)}`}`;
  const facts: [string, string][] = [
    ['machine', isRoot ? machine : `${describeSource(at.src) === undefined ? '' : `${toPlainLine(describeSource(at.src) as string)} in `}${machine}`],
    ...(isRoot ? [['created', `${formatDateTime(actor.createdAt)}${actor.settledAt === null ? '' : `, settled ${formatDateTime(actor.settledAt)}`}`], ['waits for', describeWake(actor, now)]] satisfies [string, string][] : []),
    ...(['context', 'input', 'output', 'error'] as const).flatMap((name): [string, string][] => (at[name] === undefined ? [] : [[name, toPlainLine(describeStored(at[name]))]])),
  ];
  const state = at.value === undefined ? '' : `  ${palette.bold(toPlainLine(typeof at.value === 'string' ? at.value : JSON.stringify(at.value)))}`;
  const delayed = actor.delayed.map(({ dueAt, address, event }) => [formatDateTime(dueAt), dueAt > now ? `in ${formatDuration(dueAt - now)}` : 'due', toPlainLine(address), toPlainLine(describeStored(event))]);
  const actions = actor.actions.map(({ effectId, address, type, params, to }) => [toPlainLine(effectId), toPlainLine(address), toPlainLine(to === undefined ? `${type}${params === undefined ? '' : ` ${describeStored(params)}`}` : `send ${type} to ${to}`)]);
  const events = actor.events.map(({ transition, at: time, address, event }) => [String(transition), formatDateTime(time), toPlainLine(address), toPlainLine(describeStored(event))]);
  const older = actor.events.length > 0 && (actor.events[0]?.transition ?? 1) > 1;
  const section = (title: string, lines: string): string[] => ['', ` ${palette.dim(title)}`, lines];
  return [
    ` ${palette.bold(toPlainLine(at.address))}  ${paintStatus(palette, at.status, at.status)}${state}`,
    ...facts.map(([name, value]) => `   ${palette.dim(pad(name, 9))}  ${value}`),
    ...(at.children.length > 0 ? section('actors', renderTree(at, now, columns, palette)) : []),
    ...(delayed.length > 0 ? section('delayed events', renderTable(['due', 'when', 'to', 'event'], delayed, columns, palette)) : []),
    ...(actions.length > 0 ? section('actions to be done', renderTable(['effect', 'actor', 'action'], actions, columns, palette)) : []),
    ...(events.length > 0 ? section(older ? `the last events of ${actor.transitions} transitions` : 'events', renderTable(['#', 'at', 'actor', 'event'], events, columns, palette)) : []),
    '',
  ].join('\n');
}

/** How often a promise was tried. */
function describeRun({ attempt, dueAt, interruptions = 0 }: NonNullable<ActorNode['run']>, now: number): string {
  const when = dueAt === undefined ? '' : dueAt > now ? ` in ${formatDuration(dueAt - now)}` : ' due';
  return `attempt ${attempt}${when}${interruptions > 0 ? `, cut off ${interruptions === 1 ? 'once' : `${interruptions} times`}` : ''}`;
}

function renderTree(root: ActorNode, now: number, columns: number, palette: Palette): string {
  const lines: { readonly name: string; readonly node: ActorNode }[] = [];
  const visit = (node: ActorNode, lead: string, below: string): void => {
    lines.push({ name: `${lead}${toPlainLine(node.id)}`, node });
    node.children.forEach((child, index) => {
      const isLast = index === node.children.length - 1;
      visit(child, `${below}${isLast ? palette.tree.last : palette.tree.branch}`, `${below}${isLast ? palette.tree.none : palette.tree.pass}`);
    });
  };
  visit(root, '', '');
  const nameColumns = Math.min(Math.floor(columns / 2), Math.max(...lines.map(({ name }) => measure(name))));
  return lines.map(({ name, node }) => {
    const { status, src, value, context, output, error, run } = node;
    const said = [...[describeSource(src)].filter(one => one !== undefined), ...(value === undefined ? [] : [JSON.stringify(value)]), ...(run ? [describeRun(run, now)] : []), ...[output ?? error ?? context].filter(part => part !== undefined).map(describeStored)];
    const rest = shorten(toPlainLine(said.join('  ')), Math.max(12, columns - nameColumns - 14));
    return ` ${pad(shorten(name, nameColumns), nameColumns)}  ${paintStatus(palette, status, pad(status, 7))}  ${palette.dim(rest)}`.trimEnd();
  }).join('\n');
}
