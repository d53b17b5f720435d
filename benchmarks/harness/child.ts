/**
 * The measured process: `child.ts <contestant's file> <parameters, JSON> <folder>`. Prints one line of JSON and ends.
 */
import { pathToFileURL } from 'node:url';
import type { Run } from './trial.ts';

const [file = '', parameters = '{}', directory = '.'] = process.argv.slice(2);

const print = (answer: unknown): void => {
  process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
};

try {
  const module = (await import(pathToFileURL(file).href)) as { default: Run<unknown> };
  const measured = await module.default(JSON.parse(parameters), { directory });
  print({ measured: { rssMb: process.resourceUsage().maxRSS / 1024, ...measured } });
} catch (error) {
  if (error instanceof Error && error.name === 'Skipped') print({ skipped: error.message });
  else print({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
