import type { CommandContext } from './command-context.ts';

function quote(argument: string): string {
  return /^[\w./:@%+=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes a command a person can type next: it reaches the same database, with the same tools when it needs them. */
export type Suggest = (words: string, options?: { readonly tools?: boolean }) => string;

/** Makes a `Suggest` for the options a command was given. */
export function createSuggest({ env }: Pick<CommandContext, 'env'>, { db, tools }: { readonly db?: string; readonly tools?: string }): Suggest {
  // In a checkout the program is not on the PATH; npm tells whose script it runs.
  const inCheckout = env['npm_package_name'] === 'flowstone' && env['npm_lifecycle_event'] !== undefined && env['npm_lifecycle_event'] !== 'npx';
  // Installed in a project it is not on the PATH either, but for npm's own commands.
  const program = inCheckout ? 'npm run -s flowstone --' : env['npm_lifecycle_event'] ? 'npx flowstone' : 'flowstone';
  return (words, options = {}) => [
    `${program} ${words}`,
    ...(options.tools && tools !== undefined ? ['--tools', quote(tools)] : []),
    ...(db === undefined ? [] : ['--db', quote(db)]),
  ].join(' ');
}
