import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { HostedMachine } from '../../kinds/actors/machine-book.ts';
import { isMachine, isUnnamed } from '../../kinds/actors/xstate-internals.ts';

/** Reads a machine, or one with what a runtime is to know about it; undefined: it is neither. */
function toHosted(value: unknown): HostedMachine | undefined {
  if (isMachine(value)) return { machine: value };
  const isWrapped = typeof value === 'object' && value !== null && 'machine' in value && isMachine(value.machine);
  return isWrapped ? (value as HostedMachine) : undefined;
}

/**
 * Finds the machines a module exports: `machines`, a list or a record, else every export that is one.
 *
 * @returns also the exports that are no machines, for whoever looks for tools
 * @throws a `FlowError` with code `tools_module_invalid`
 */
export function readMachineExports(exports: Readonly<Record<string, unknown>>, file: string): { readonly machines: HostedMachine[]; readonly rest: Record<string, unknown> } {
  const { machines: listed, ...others } = exports;
  const machines: HostedMachine[] = [];
  const refuse = (where: string, expected: string, found: unknown): never => {
    throw new FlowError('tools_module_invalid', `Expected ${where} of \`${file}\` to be ${expected}, got ${describeValue(found)}`, { place: { file } });
  };
  if (listed !== undefined) {
    const single = toHosted(listed);
    if (!single && (typeof listed !== 'object' || listed === null)) refuse('the export `machines`', 'a list or a record of XState machines', listed);
    for (const [name, value] of single ? [['', listed]] : Object.entries(listed as object)) machines.push(toHosted(value) ?? refuse(`\`machines.${name}\``, 'an XState machine', value));
  }
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(others)) {
    const hosted = toHosted(value);
    if (!hosted) rest[name] = value;
    else if (!machines.some(({ machine }) => machine === hosted.machine)) machines.push(hosted);
  }
  const found = new Set<HostedMachine>();
  for (const one of machines) {
    const known = [...found].find(({ machine }) => machine === one.machine || (machine.id === one.machine.id && !isUnnamed(machine.id)));
    if (known && known.machine !== one.machine) throw new FlowError('tools_module_invalid', `Expected each machine of \`${file}\` to have an id of its own, found \`${one.machine.id}\` twice`, { place: { file } });
    if (known) found.delete(known);
    found.add(one);
  }
  return { machines: [...found], rest };
}
