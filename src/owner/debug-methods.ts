import { z } from 'zod';
import { defineMethod, defineTopic } from './method.ts';

const target = z.string().min(1).max(600).describe('the id of an execution, or `actor:<id>`');
const text = z.string().min(1).max(500);

const breakpoint = z.strictObject({
  target: target.optional(),
  flowId: text.optional(),
  state: text.optional(),
  event: text.optional(),
  step: text.optional(),
  item: z.int().nonnegative().optional(),
  failure: z.union([z.literal(true), text]).optional(),
  when: z.string().min(1).max(4_000).optional(),
  once: z.boolean().optional(),
  hits: z.int().positive().max(1_000_000).optional(),
}).describe('as `Breakpoint` of `runtime.debug`');

const breakpoints = z.array(breakpoint).max(100).readonly();

/** What whoever debugs can ask. */
export const debugMethods = {
  pause: defineMethod({
    scope: 'debug', repeats: 'params', redacts: true, about: 'Has an execution or an actor stand still; answers with a `Held`.',
    params: z.strictObject({ target, children: z.boolean().optional().describe('also what it starts; default true') }),
  }),
  pauseOnStart: defineMethod({
    scope: 'debug', repeats: 'params', about: 'Has executions of a flow stand still from their start on.',
    params: z.strictObject({ flowId: text, once: z.boolean().optional().describe('only the next one; default true'), off: z.boolean().optional().describe('no more') }),
  }),
  resumeHeld: defineMethod({
    scope: 'debug', repeats: 'params', about: 'Lets everything in that is held, in order, and holds nothing more of it. (`resume` is for executions that were left where they are.)',
    params: z.strictObject({ target: target.optional().describe('left out: everything') }),
  }),
  step: defineMethod({
    scope: 'debug', repeats: 'key', about: 'Lets the first message in, with all that follows from it: one commit. Answers, when that is stored, with whether one waited.',
    params: z.strictObject({ target }),
  }),
  stepOver: defineMethod({
    scope: 'debug', repeats: 'params', about: 'Goes on until a step has settled. Answers at once; topic `held` says when it stands again.',
    params: z.strictObject({ target, step: text.optional().describe('default: the one that the first message is for') }),
  }),
  stepOut: defineMethod({
    scope: 'debug', repeats: 'params', about: 'Goes on until it has ended, or the `for_each` step of the item that the first message is for has settled. Answers at once.',
    params: z.strictObject({ target }),
  }),
  runTo: defineMethod({
    scope: 'debug', repeats: 'params', about: 'Goes on until one of these is about to happen. Answers at once.',
    params: z.strictObject({ target, breakpoints: breakpoints.describe('as of `breakpoints`') }),
  }),
  preview: defineMethod({
    scope: 'debug', redacts: true, about: 'Walks through what a held message would lead to, on copies; answers with `entries`, `effects` and `failure`, or null when there is no such message.',
    params: z.strictObject({ target, index: z.int().nonnegative().max(100_000).optional().describe('default 0: the first') }),
  }),
  breakpoints: defineMethod({
    scope: 'debug', repeats: 'params', redacts: true, about: 'Sets breakpoints in place of those that were set; answers with those that are set.',
    params: z.strictObject({ set: breakpoints.optional().describe('left out: only tells') }),
  }),
};

/** What is too long to be told whole with an execution. */
export const valueMethods = {
  value: defineMethod({
    scope: 'read', redacts: true, about: 'Tells a value of an execution that was cut, or a part of it: `json`, a piece of its text, from `offset` on, of `length` characters, and `path`, where it is.',
    params: z.strictObject({
      executionId: z.string().min(1).max(500),
      generation: z.int().min(1).optional(),
      of: z.enum(['input', 'output', 'stepInput', 'event']).describe('`output` and `stepInput` of `step`, `event` of `seq`'),
      step: text.optional(),
      item: z.int().nonnegative().optional(),
      seq: z.int().positive().optional(),
      path: z.array(z.union([z.string().max(1_000), z.int().nonnegative()])).max(100).readonly().optional().describe('names and places below it'),
      offset: z.int().nonnegative().optional(),
      limit: z.int().positive().max(1_048_576).optional().describe('characters; default 65,536'),
    }),
  }),
};

export const debugTopics = {
  execution: defineTopic({
    scope: 'read', redacts: true,
    about: 'One execution: a snapshot of all there is to know of it, then a `commit` for each that is stored, without gaps; ends when its generation has settled. Changes of `held` come as `volatile`.',
    params: z.strictObject({
      executionId: z.string().min(1).max(500),
      generation: z.int().min(1).optional().describe('default: the newest'),
      history: z.boolean().optional().describe('all commits from its beginning on, not only what comes from now on'),
    }),
  }),
  held: defineTopic({
    scope: 'debug', redacts: true,
    about: 'What stands still: a snapshot of `held` and `breakpoints`, then every change: a `Held`, or `{target, gone}`. Whoever follows it counts as there: what clients hold goes on 10 s after the last has left.',
    params: z.strictObject({}),
  }),
};
