import { z } from 'zod';

/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** What each type of assertion needs beside `path`. Any other type is kept, and reported as not evaluated. */
export const assertionTypes = {
  equals: ['value'],
  gte: ['value'],
  lte: ['value'],
  range: ['min', 'max'],
  change_gte: ['value'],
  change_lte: ['value'],
  change_not_zero: [],
  exists: [],
  matches: ['schema'],
} as const satisfies { readonly [type: string]: readonly string[] };

export type AssertionType = keyof typeof assertionTypes;

export const isAssertionType = (type: string): type is AssertionType => Object.hasOwn(assertionTypes, type);

/** Types that compare the state with its first reading. */
export const isChangeType = (type: string): boolean => type.startsWith('change_');

/** Keys that every assertion may have. */
export const assertionKeys = ['id', 'description', 'type', 'path', 'weight'] as const;

const idExpected = 'an id: letters, digits, `_`, `-` and `.`, at most 100 characters';
const typeExpected = 'the type of an assertion, such as `gte`';
const weightExpected = 'a number from 0 to 1,000,000';

// What a type needs is checked in check-assertions.ts: an assertion of a type we do not know may have any keys.
export const assertionShape = z
  .object(
    {
      id: z.string({ error: idExpected }).regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, { error: idExpected }),
      description: z.string({ error: 'a string' }).optional(),
      type: z.string({ error: typeExpected }).min(1, { error: typeExpected }),
      path: z.string({ error: 'a path such as `steps.swap.output.amount`' }).optional(),
      weight: z.number({ error: weightExpected }).gte(0, { error: weightExpected }).lte(1_000_000, { error: weightExpected }).default(1),
    },
    { error: 'an object with `id`, `type` and `path`' },
  )
  .catchall(z.custom<JsonValue | undefined>());

/** An assertion of a checked definition. */
export type AssertionDefinition = z.output<typeof assertionShape>;
