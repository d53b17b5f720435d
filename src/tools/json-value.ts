import { z } from 'zod';
import { findNotJson } from '../core/json.ts';

/** Any JSON value, passed on as it is: zod's own `z.json()` copies objects, and a key `__proto__` is lost on the way. */
export const jsonValue = z.custom<unknown>(value => findNotJson(value) === undefined, { error: 'Expected a JSON value' });
