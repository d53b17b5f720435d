import { z } from 'zod';
import { duration } from './duration-schema.ts';

const expected = 'the name of a model, or an object with `model`';
const name = z.string({ error: 'the name of a model' }).min(1, { error: 'the name of a model' });

const modelShape = z.strictObject(
  {
    model: name,
    /** Calls before the next model is tried. */
    attempts: z.int({ error: 'an integer ≥ 1' }).gte(1, { error: 'an integer ≥ 1' }).default(1),
    /** Longest one call may take. */
    timeout: duration(1).optional(),
  },
  { error: expected },
);

const list = 'a list of models, the one to be tried first before the others';

/** Models in the order in which they are tried. */
export const models = z.array(z.union([name.transform(model => ({ model, attempts: 1 })), modelShape], { error: expected }), { error: list }).min(1, { error: list });

export const toModelKeys = (): string[] => Object.keys(modelShape.shape);
