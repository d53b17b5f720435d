/** A step as far as it can be made out, also when the schema refused something in it. */
export interface StepOutline {
  /** Place in the definition, 0-based. */
  readonly position: number;
  /** Undefined when it has none that is a string. */
  readonly id: string | undefined;
  readonly uses: string | undefined;
  /** Ids it depends on, with the place of each in `depends_on`. */
  readonly dependsOn: readonly { readonly id: string; readonly at: number }[];
  /** The step as written. */
  readonly source: { readonly [key: string]: unknown };
}

/** Makes out the steps of a definition that may be wrong in any way. */
export function outlineSteps(definition: unknown): StepOutline[] {
  if (!isObject(definition) || !Array.isArray(definition['steps'])) return [];
  const outlines: StepOutline[] = [];
  for (const [position, source] of definition['steps'].entries()) {
    if (!isObject(source)) continue;
    const { id, uses, depends_on: list } = source;
    const dependsOn: { id: string; at: number }[] = [];
    if (Array.isArray(list)) {
      for (const [at, dependency] of list.entries()) if (typeof dependency === 'string') dependsOn.push({ id: dependency, at });
    }
    outlines.push({
      position,
      id: typeof id === 'string' ? id : undefined,
      uses: typeof uses === 'string' ? uses : undefined,
      dependsOn,
      source,
    });
  }
  return outlines;
}

/** Tells an object that is no list. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
