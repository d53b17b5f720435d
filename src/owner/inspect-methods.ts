import { z } from 'zod';
import { defineMethod } from './method.ts';

/** What a page asks that shows all there is of an execution. */
export const inspectMethods = {
  inspect: defineMethod({
    scope: 'read', redacts: true,
    about: 'Tells all that is stored of one execution: its plan, journal, steps, attempts, inputs, outputs, documents, model calls, children and actors. Topic `execution` goes on from there.',
    params: z.strictObject({
      executionId: z.string().min(1).max(500),
      generation: z.int().min(1).optional().describe('default: the newest'),
      journal: z.boolean().optional().describe('also its transitions; default true'),
    }),
  }),
  flows: defineMethod({
    scope: 'read', redacts: true, about: 'Lists the flows that can be started: `id`, `version`, `description`, and the schema of their `input`, or null.',
    params: z.strictObject({}),
  }),
};
