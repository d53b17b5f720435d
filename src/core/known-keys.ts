import { FlowError } from './errors.ts';
import { describeValue, didYouMean } from './wording.ts';

/** The keys of an options type, all of them: one that is added to the type and not here does not compile. */
export type KeysOf<Options> = { readonly [Key in keyof Required<Options>]: true };

/**
 * Refuses options nobody reads: a misspelt name must not pass as a default.
 *
 * @param where whose options they are, as people call it: `createRuntime`, `the queue "mails"`
 * @param elsewhere what to do instead of giving a key that is none here
 * @returns the options
 * @throws a `FlowError` with the code given, `option_invalid` by default, that names the nearest key
 */
export function requireKnownKeys<Options extends object>(given: Options, known: KeysOf<Options>, where: string, code = 'option_invalid', elsewhere: Readonly<Record<string, string>> = {}): Options {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new FlowError(code, `Expected the options of ${where} to be an object, got ${describeValue(given)}`);
  }
  const unknown = Object.keys(given).find(key => !Object.hasOwn(known, key));
  if (unknown === undefined) return given;
  const names = Object.keys(known);
  const hint = Object.hasOwn(elsewhere, unknown) ? `; ${elsewhere[unknown]}` : didYouMean(unknown, names) || `; it takes ${names.map(name => `\`${name}\``).join(', ')}`;
  throw new FlowError(code, `Expected no option \`${unknown}\` of ${where}${hint}`, { details: { option: unknown } });
}
