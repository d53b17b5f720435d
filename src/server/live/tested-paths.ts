import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { FlowSource } from '../../definition/schema.ts';
import { serverMethods } from '../../owner/inspect-methods.ts';
import type { Service } from '../../owner/method.ts';
import { serveMethods } from '../../owner/method.ts';
import type { TestedTransitions } from '../../views/tested-transitions.ts';

/** Definitions whose paths are kept. */
const maxKept = 16;

/** Tells what tests take of stored definitions. The same one is made into paths once. */
export function serveTested(reader: RecordReader): Service['methods'] {
  const known = new Map<string, Promise<TestedTransitions>>();
  const make = async (digest: string): Promise<TestedTransitions> => {
    const record = await reader.getDefinition(digest);
    if (!record) throw new FlowError('definition_missing', `Expected the digest of a definition in ${reader.location}, got ${describeValue(digest)}`);
    const { listTested } = await import('../../views/tested-transitions.ts');
    return listTested(JSON.parse(record.definition) as FlowSource);
  };
  return serveMethods(serverMethods, {
    tested: ({ digest }) => {
      const made = known.get(digest) ?? make(digest);
      known.set(digest, made);
      made.catch(() => known.delete(digest));
      const [oldest] = known.keys();
      if (known.size > maxKept && oldest !== undefined) known.delete(oldest);
      return made;
    },
  });
}
