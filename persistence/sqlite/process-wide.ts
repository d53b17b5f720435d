/** A map that all copies of the package in this process share: locks belong to the process, not to a module. */
export function getProcessWideMap<Value>(name: string): Map<string, Value> {
  const shared = globalThis as { [name: symbol]: Map<string, Value> | undefined };
  return (shared[Symbol.for(`flowstone.sqlite.${name}`)] ??= new Map<string, Value>());
}
