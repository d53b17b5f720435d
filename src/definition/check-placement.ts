import { isObject } from './outline.ts';
import type { Finding } from './problem.ts';
import { listReferences } from './value-function.ts';

/** Functions are of this process: a flow that has some as values cannot be one that runs in a process of its own. */
export function checkPlacement(definition: unknown): Finding[] {
  if (!isObject(definition) || definition['flow_type'] !== 'static') return [];
  const places = listReferences(definition);
  if (places.length === 0) return [];
  const found = places.length > 3 ? `${places.slice(0, 3).join(', ')} and ${places.length - 3} more` : places.join(', ');
  return [{
    code: 'key_not_allowed', path: ['flow_type'], expected: '`dynamic`', found: '`static`', atKey: true,
    message: `Expected a flow with functions as values (${found}) to be \`dynamic\`: a process of its own does not have them; write expressions in their place, or leave \`flow_type\` out`,
  }];
}
