import type { AnyStateMachine } from 'xstate';
import { createMachine } from 'xstate';

/** A machine with one thing wrong in it. */
export interface Mutant {
  readonly name: string;
  readonly machine: AnyStateMachine;
}

type Candidate = { guard?: string; target?: string; actions?: unknown };
type Node = { on?: Record<string, Candidate | Candidate[]>; entry?: unknown; exit?: unknown };
type Config = Node & { states: Record<string, Node> };

const toList = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** Makes every mutant: each guard negated, each transition removed, each action left out, each candidate's order turned. */
export function listMutants(machine: AnyStateMachine): Mutant[] {
  const original = machine.config as unknown as Config;
  const mutants: Mutant[] = [];
  const add = (name: string, change: (config: Config) => void): void => {
    const { context: _context, ...plain } = original as Config & { context: unknown };
    const config = structuredClone(plain) as Config;
    change(config);
    mutants.push({ name, machine: build(machine, config) });
  };
  const places: (string | null)[] = [null, ...Object.keys(original.states)];
  for (const place of places) {
    const get = (config: Config): Node => (place === null ? config : (config.states[place] as Node));
    const where = place ?? '(machine)';
    for (const when of ['entry', 'exit'] as const) {
      for (const [index] of toList(get(original)[when]).entries()) {
        add(`${where}: ${when} ${index + 1} left out`, config => { get(config)[when] = toList(get(config)[when]).toSpliced(index, 1); });
      }
    }
    for (const [type, given] of Object.entries(get(original).on ?? {})) {
      const candidates = toList(given);
      const change = (by: (list: Candidate[]) => Candidate[]) => (config: Config): void => {
        const on = get(config).on as Record<string, Candidate[]>;
        on[type] = by(toList(on[type] as Candidate | Candidate[]));
      };
      for (const [index, { guard, actions }] of candidates.entries()) {
        const name = `${where}: ${type} #${index + 1}`;
        add(`${name} removed`, change(list => list.toSpliced(index, 1)));
        if (guard !== undefined) add(`${name} negates ${guard}`, change(list => list.with(index, { ...list[index], guard: `not ${guard}` })));
        if (guard !== undefined) add(`${name} forgets ${guard}`, change(list => list.with(index, withoutGuard(list[index] as Candidate))));
        for (const [at, action] of toList(actions).entries()) {
          add(`${name} leaves out ${String(action)}`, change(list => list.with(index, { ...list[index], actions: toList(list[index]?.actions).toSpliced(at, 1) })));
        }
      }
    }
  }
  return mutants;
}

function withoutGuard({ guard: _guard, ...rest }: Candidate): Candidate {
  return rest;
}

function build(machine: AnyStateMachine, config: Config): AnyStateMachine {
  const { actions, guards } = machine.implementations as unknown as { actions: object; guards: Record<string, (args: unknown) => boolean> };
  const negated = Object.fromEntries(Object.entries(guards).map(([name, guard]) => [`not ${name}`, (args: unknown) => !guard(args)]));
  return createMachine({ ...config, context: machine.config.context } as never, { actions, guards: { ...guards, ...negated } } as never);
}
