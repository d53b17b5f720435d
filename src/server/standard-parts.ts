import { createLivePart } from './live/live-part.ts';
import type { CreatePart } from './part.ts';

/** What every server has beside its routes. */
export const standardParts: readonly CreatePart[] = [createLivePart];
