import type { CommandContext } from './command-context.ts';

/** Writes an argument as a shell takes it, whatever is in it. */
export function quote(argument: string): string {
  return /^[\w./:@%+=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes a command a person can type next: it reaches the same database, with the same tools when it needs them. */
export type Suggest = (words: string, options?: { /** True: those the present command has. */ readonly tools?: boolean | string | undefined }) => string;

/** Makes a `Suggest` for the options a command was given. */
export function createSuggest({ env }: Pick<CommandContext, 'env'>, { db, tools, flow }: { readonly db?: string; readonly tools?: string | undefined; readonly flow?: string | readonly string[] }): Suggest {
  // In a checkout the program is not on the PATH; npm tells whose script it runs.
  const inCheckout = env['npm_package_name'] === 'flowstone' && env['npm_lifecycle_event'] !== undefined && env['npm_lifecycle_event'] !== 'npx';
  // Installed in a project it is not on the PATH either, but for npm's own commands.
  const program = inCheckout ? 'npm run -s flowstone --' : env['npm_lifecycle_event'] ? 'npx flowstone' : 'flowstone';
  return (words, options = {}) => {
    const module = typeof options.tools === 'string' ? options.tools : options.tools ? tools : undefined;
    const files = options.tools === true && Array.isArray(flow) ? (flow as readonly string[]) : [];
    return [
      `${program} ${words}`,
      ...(module === undefined ? [] : ['--tools', quote(module)]),
      ...files.flatMap(file => ['--flow', quote(file)]),
      ...(db === undefined ? [] : ['--db', quote(db)]),
    ].join(' ');
  };
}
