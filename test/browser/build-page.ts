import { join } from 'node:path';
import { buildInspector } from '../../.ci/inspector.ts';

/** The page as it is published, made once for all tests. */
export async function setup(): Promise<void> {
  await buildInspector(join(import.meta.dirname, '../../dist/inspector'));
}
