import type { ToolsModule } from './load-tools.ts';

/** Of several things with one name the first. @param told is given the name of each that is there several times */
function unite<Thing>(things: readonly Thing[], nameOf: (thing: Thing) => string, told: (name: string) => void): Thing[] {
  const found = new Map<string, Thing>();
  for (const thing of things) {
    const name = nameOf(thing);
    const known = found.get(name);
    if (known === undefined) found.set(name, thing);
    else if (known !== thing) told(name);
  }
  return [...found.values()];
}

export const uniteTools = (modules: readonly ToolsModule[], warn: (what: string) => void): ToolsModule['tools'] =>
  unite(modules.flatMap(({ tools }) => tools), ({ name }) => name, name => warn(`The tool ${name}`));

export const uniteMachines = (modules: readonly ToolsModule[], warn: (what: string) => void): ToolsModule['machines'] =>
  unite(modules.flatMap(({ machines }) => machines), ({ machine }) => machine.id, name => warn(`The machine ${name}`));
