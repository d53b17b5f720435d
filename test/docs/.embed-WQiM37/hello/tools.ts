// tools.ts
import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { defineTool } from 'flowstone';
import { z } from 'zod';

export const countWords = defineTool({
  name: 'count-words',
  input: z.object({ file: z.string() }),
  output: z.object({ file: z.string(), words: z.number() }),
  async run({ input, signal }) {
    await appendFile('hello/calls.txt', `${input.file}\n`);
    await pause(1, undefined, { signal }); // slow enough to be interrupted
    const text = await readFile(input.file, { encoding: 'utf8', signal });
    return { file: input.file, words: text.split(/\s+/).filter(Boolean).length };
  },
});
