import { createRequire } from 'node:module';
import type { Logger } from 'pino';

const require = createRequire(import.meta.url);
let loaded: Logger | undefined;

const load = (): Logger => (loaded ??= (require('pino') as typeof import('pino')).pino({ level: 'silent' }));

/** The default logger. Says nothing, so pino is loaded only by whoever uses it. */
export const silentLogger: Logger = new Proxy({} as Logger, {
  get(_target, key) {
    const value: unknown = Reflect.get(load(), key);
    return typeof value === 'function' ? value.bind(load()) : value;
  },
});
