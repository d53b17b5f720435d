import { z } from 'zod';
import { artifactKinds } from '../core/artifact-kind.ts';

const mediaType = 'a media type such as `text/markdown`';
const filled = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

/** What is declared of one document that a step makes. */
export const artifactShape = z.strictObject(
  {
    name: filled('a name such as `plan.md`'),
    kind: z.enum(artifactKinds, { error: artifactKinds.map(kind => `\`${kind}\``).join(', ') }).optional(),
    content_type: z.string({ error: mediaType }).regex(/^[\w.+-]+\/[\w.+-]+(?:\s*;[^\r\n]*)?$/, { error: mediaType }).optional(),
    from: filled('an expression such as `output.text`'),
    file: z.union([z.literal(false), filled('a path below the output folder, or `false`')], { error: 'a path below the output folder, or `false`' }).optional(),
  },
  { error: 'an object with `name`, `kind` and `from`' },
);
