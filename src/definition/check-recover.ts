import { nameStep } from './check-graph.ts';
import { isObject, type StepOutline } from './outline.ts';
import type { Finding } from './problem.ts';

/** Checks that what a step with items is recovered by can be done per item. */
export function checkRecover(step: StepOutline): Finding[] {
  const { source, position } = step;
  const { recover, for_each: list } = source;
  if (list === undefined || !isObject(recover)) return [];
  return ['alternative', 'ask'].filter(key => recover[key] !== undefined).map(key => ({
    code: 'key_not_allowed',
    path: ['steps', position, 'recover', key],
    expected: `no \`${key}\` with \`for_each\``,
    found: `\`${key}\``,
    message: `Expected \`recover\` of ${nameStep(step)}, which has a \`for_each\`, to have no \`${key}\`; its items can only be tried again`,
    atKey: true,
  }));
}

/** Checks that `on_halt` stands where something halts. */
export function checkHalt(definition: unknown): Finding[] {
  if (!isObject(definition) || definition['on_halt'] === undefined || definition['mode'] === 'strict') return [];
  return [{
    code: 'key_not_allowed', path: ['on_halt'], expected: 'no `on_halt` unless `mode: strict`', found: '`on_halt`', atKey: true,
    message: 'Expected `on_halt` only with `mode: strict`; in the other modes nothing halts',
  }];
}
