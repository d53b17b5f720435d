import { Command, CommanderError } from 'commander';
import { FlowError } from '../../core/errors.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { formatError, toErrorDocument } from './error-document.ts';
import { getColumns } from './screen-palette.ts';
import { exitCodes, toExitCode } from './exit-codes.ts';
import {
  collect, databaseOption, examplesOption, flowOption, newFlowOption, outputOption, parseCount, parsePort, toolsOption,
} from './shared-options.ts';

/** What the help shows together. */
const groups: readonly (readonly [title: string, commands: readonly string[]])[] = [
  ['Run:', ['run', 'resume', 'retry', 'cancel', 'signal', 'serve', 'inspect']],
  ['Look:', ['list', 'show', 'artifacts', 'interactions', 'export', 'graph', 'stats']],
  ['Write and test flows:', ['init', 'check', 'paths', 'test', 'sync', 'import']],
  ['Queues and machines:', ['queue', 'actors']],
];
const otherGroup = 'Database:';
const exitCodesHelp = 'Exit codes: 0 passed, 1 ended but did not pass, 2 bad usage or definition, 3 could not run.';
const noCommand = 'Expected a command, got none';
/** Lines of the help are no longer, so that they are read in one glance. */
const maxHelpColumns = 100;

/** Describes every command; `settle` is given what the chosen one came to. */
export function createProgram(context: CommandContext, settle: (result: CommandResult) => void): Command {
  const program = new Command('flowstone');
  program
    .description('Runs durable flows. What has completed is kept; kill it anywhere, run it again, and it goes on.')
    .option('--version', 'print the version')
    .option('--json', 'print exactly one JSON document on standard output')
    // An option after a command is that command's: `artifacts ID NAME --version 2`.
    .enablePositionalOptions()
    .showHelpAfterError('(flowstone --help shows the commands)')
    .exitOverride()
    .addHelpText('after', `\n${exitCodesHelp}`);

  const add = (usage: string, description: string): Command =>
    program.command(usage).description(description)
      .option('--json', 'print exactly one JSON document on standard output');

  add('init [dir]', 'write a project that runs: flows, a machine, tools, tests')
    .option('-y, --yes', 'ask nothing: write it into this folder')
    .action(async (dir: string | undefined, options) =>
      settle(await (await import('./init-command.ts')).initCommand(dir, options, context)));

  add(
    'run <file>',
    'run a flow, from its file or by its id when `sync` has taken it over; goes on with the same run if it was cut off',
  )
    .option('--input <json>', 'the input: JSON, or @file, or @- for standard input')
    .option(...toolsOption)
    .option(...flowOption)
    .option(...databaseOption)
    .option('--workers <n>', 'steps that run at the same time, at most', parseCount)
    .option('--agent <name>', 'who carries it out; the label `agent`, for `stats`')
    .option('--label <name=value>', 'mark the execution; may be given again', collect)
    .option(...outputOption)
    .option('--new', 'start a fresh execution even if the same run was cut off')
    .option('--isolate', 'run it in a process of its own that opens no database (static flows: the default)')
    .option('--no-isolate', 'run it in this process, also a static flow')
    .option('--idempotency-key <key>', 'same key, same execution')
    .option(
      '--step',
      'let it stand still at its first event, and go on event by event in the inspector, whose address is printed',
    )
    .option('--inspect [port]', 'serve the inspector meanwhile, and print its address', parsePort)
    .option('--report <file>', 'write the report here at the end (default: into the output folder, if it has one)')
    .action(async (file: string, options) =>
      settle(await (await import('./run-command.ts')).runCommand(file, options, context)));

  add('resume [ids...]', 'go on with unfinished executions, all or those named')
    .option(...toolsOption)
    .option(...databaseOption)
    .option(...newFlowOption)
    .option('--on-new-definition', 'where that has changed: run what changed, and what depends on it')
    .option(...outputOption)
    .option('--workers <n>', 'steps that run at the same time, at most', parseCount)
    .action(async (ids: string[], options) =>
      settle(await (await import('./resume-command.ts')).resumeCommand(ids, options, context)));

  add(
    'retry <id> [steps...]',
    'run steps of a settled execution again, with all that depends on them; without steps: what failed',
  )
    .option('--no-cascade', 'only these steps; what depends on them keeps its results')
    .option(...toolsOption)
    .option(...newFlowOption)
    .option('--on-new-definition', 'where that has changed: run what changed, too')
    .option(...databaseOption)
    .option(...outputOption)
    .option('--workers <n>', 'steps that run at the same time, at most', parseCount)
    .action(async (id: string, steps: string[], options) =>
      settle(await (await import('./retry-command.ts')).retryCommand(id, steps, options, context)));

  add('list', 'list executions, newest first, and why unfinished ones wait')
    .option(
      '--status <status>',
      'pending, stepping, consolidating, scored, failed, or unfinished; may be given again',
      collect,
    )
    .option('--flow <id>', 'only executions of this flow')
    .option('--label <name=value>', 'only executions with this label, such as agent=gpt-5')
    .option('--limit <n>', 'at most so many (default: 100)', parseCount)
    .option(...databaseOption)
    .action(async options => settle(await (await import('./list-command.ts')).listCommand(options, context)));

  add('show <id>', 'show an execution: steps, reasons, outputs; the beginning of its id is enough')
    .option('--history', 'every transition it made')
    .option('--items', 'the items of `for_each` steps, one by one')
    .option('--tree', 'the steps as a tree')
    .option('--generation <n>', 'its n-th life, when it was retried (default: the newest)', parseCount)
    .option(...databaseOption)
    .action(async (id: string, options) =>
      settle(await (await import('./show-command.ts')).showCommand(id, options, context)));

  add('cancel <id>', 'cancel an execution')
    .option('--message <text>', 'why; kept with it')
    .option(...databaseOption)
    .action(async (id: string, options) =>
      settle(await (await import('./cancel-command.ts')).cancelCommand(id, options, context)));

  add('signal <id> <name> [json]', 'send a signal to an execution, with a payload: JSON or @file')
    .option('--force', 'also one that no step or machine of the flow takes; it is kept')
    .option(...databaseOption)
    .action(async (id: string, name: string, payload: string | undefined, options) =>
      settle(await (await import('./signal-command.ts')).signalCommand(id, name, payload, options, context)));

  add('graph [file]', 'draw a flow as Mermaid text, or as a tree')
    .option('--execution <id>', 'draw an execution, coloured by status')
    .option(
      '--type <type>',
      'flowchart (default); state: a state diagram, of an execution with times, attempts and errors; tree: for ' +
        'the terminal',
    )
    .option('--generation <n>', 'the n-th life of the execution (default: the newest)', parseCount)
    .option(
      '--machine <name>',
      'draw one of the machines underneath: orchestrator, flow, step, fanOut, interaction, message, consumer',
    )
    .option('--direction <direction>', 'TD (top down) or LR (left to right)')
    .option(...toolsOption)
    .option(...databaseOption)
    .action(async (file: string | undefined, options) =>
      settle(await (await import('./graph-command.ts')).graphCommand(file, options, context)));

  add('artifacts <id> [name]', 'list the documents an execution has made, or write one of them out')
    .option('--version <n>', 'this version (default: the newest)', parseCount)
    .option('--versions', 'list every version, not only the newest')
    .option('--limit <n>', 'list at most so many (default: 1000)', parseCount)
    .option('--out <file>', 'write it to this file, whole or not at all (default: standard output)')
    .option(...databaseOption)
    .action(async (id: string, name: string | undefined, options) =>
      settle(await (await import('./artifacts-command.ts')).artifactsCommand(id, name, options, context)));

  add('interactions <id>', 'list the calls of language models an execution has made, and add them up')
    .option('--step <id>', 'list only those of this step')
    .option('--after <n>', 'list those after this number', parseCount)
    .option('--limit <n>', 'list at most so many (default: 100)', parseCount)
    .option(...databaseOption)
    .action(async (id: string, options) =>
      settle(await (await import('./interactions-command.ts')).interactionsCommand(id, options, context)));

  add('export <id>', 'write an execution as data, a diagram or a page')
    .option('--format <format>', 'jsonl, json (default), yaml, mermaid or html')
    .option('--out <file>', 'write to this file, whole or not at all (default: standard output)')
    .option('--generation <n>', 'its n-th life, when it was retried (default: the newest)', parseCount)
    .option('--files <folder>', 'write every artifact as a file below this folder instead')
    .option('--html <file>', 'write the inspector with this execution in it: one file that needs no server')
    .option(...databaseOption)
    .action(async (id: string, options) =>
      settle(await (await import('./export-command.ts')).exportCommand(id, options, context)));

  add('paths <file>', 'list the ways a flow, or a machine (`machines.ts#id`), can go')
    .option(
      '--strategy <name>',
      'coverage (every transition once; default), shortest (to every end), simple (no state twice)',
    )
    .option('--emit <format>', 'vitest (tests to keep), json, mermaid (a diagram of what is covered)')
    .option('--out <file>', 'write what `--emit` makes to this file, whole or not at all (default: standard output)')
    .option(...toolsOption)
    .option(...examplesOption)
    .option('--seed <n>', 'choose among equally good ways', parseCount)
    .option('--limit <n>', 'at most so many paths', parseCount)
    .action(async (file: string, options) =>
      settle(await (await import('./paths-command.ts')).pathsCommand(file, options, context)));

  add(
    'test <file>',
    'run every way a flow, or the machines of a module, can go against the real runtime; needs no tools',
  )
    .option('--crash', 'and again with a crash at every commit')
    .option('--mutate', 'and change the flow in every small way: each change has to make a path fail')
    .option(...toolsOption)
    .option(...examplesOption)
    .option('--seeds <n>', 'and so many random walks', parseCount)
    .option('--seed <n>', 'choose among equally good ways', parseCount)
    .option('--mermaid', 'print a diagram of what is covered, uncovered transitions red')
    .action(async (file: string, options) =>
      settle(await (await import('./test-command.ts')).testCommand(file, options, context)));

  add('inspect', 'serve the inspector of a database: beside the process that owns it, or to look at what is stored')
    .option('--port <n>', 'listen on this port (default: any that is free)', parsePort)
    .option(...databaseOption)
    .action(async options => settle(await (await import('./inspect-command.ts')).inspectCommand(options, context)));

  add(
    'serve <dir>',
    'answer over HTTP, and run what is asked for: takes the definitions of a folder over, prints the address and ' +
      'where the token is',
  )
    .option('--port <n>', 'listen on this port; 0: any that is free (default: 4600)', parsePort)
    .option(
      '--host <name>',
      'listen on this address; other than this machine itself only with a token of your own (default: 127.0.0.1)',
    )
    .option(...databaseOption)
    .option(...toolsOption)
    .option('--read-only', 'change nothing: read what another process runs')
    .option(
      '--token-file <file>',
      'the token, made there at the first start (default: FLOWSTONE_TOKEN, else a file beside the database)',
    )
    .option(
      '--origin <url>',
      'let pages of this origin ask, such as http://localhost:5173; may be given again',
      collect,
    )
    .option('--open', 'open the inspector of what is served, in a browser')
    .action(async (directory: string, options) =>
      settle(await (await import('./serve-command.ts')).serveCommand(directory, options, context)));

  add('sync <dir>', 'take the definitions of a folder over into the database, and say what has changed')
    .option(...toolsOption)
    .option(...databaseOption)
    .action(async (directory: string, options) =>
      settle(await (await import('./sync-command.ts')).syncCommand(directory, options, context)));

  add('stats', 'runs, scores and times, by agent, by flow or by any label, and day by day')
    .option('--by <label>', 'agent (default), flow, or the name of a label')
    .option('--flow <id>', 'only executions of this flow')
    .option('--limit <n>', 'only the latest so many executions (default: 1000)', parseCount)
    .option(...databaseOption)
    .action(async options => settle(await (await import('./stats-command.ts')).statsCommand(options, context)));

  add('queue <action> [queue] [message]', 'look at queues and after them: list, stats, peek, dead, redrive, purge')
    .option(
      '--status <status>',
      'peek: pending (default), processing, retrying, completed, dead; purge: dead (default), completed',
    )
    .option('--limit <n>', 'show at most so many messages (default: 20)', parseCount)
    .option('--watch', 'look again every two seconds, until it is stopped; with --json a document per line')
    .option('--interval <seconds>', 'with --watch: this many seconds', parseCount)
    .option(...databaseOption)
    .action(async (action: string, queue: string | undefined, message: string | undefined, options) =>
      settle(await (await import('./queue-command.ts')).queueCommand(action, queue, message, options, context)));

  add(
    'actors [action] [id] [event]',
    'look at machines of your own: list (default), show ID; talk to them: send ID EVENT, stop ID; and check ' +
      'whether they go on with changed machines: check',
  )
    .option('--tools <module>', 'check: a .js or .ts file that exports the machines as they are now')
    .option('--status <status>', 'list only active, done, error or stopped ones; check: those (default: active)')
    .option('--machine <id>', 'list, check: only those of this machine')
    .option(
      '--limit <n>',
      'list at most so many (default: 100); show: so many of the last events (default: 20)',
      parseCount,
    )
    .option('--after <id>', 'list those after this id')
    .option('--data <json>', 'send: what the event has beside its type, a JSON object or @file')
    .option(...databaseOption)
    .action(async (action: string | undefined, id: string | undefined, event: string | undefined, options) =>
      settle(await (await import('./actors-command.ts')).actorsCommand(action, id, event, options, context)));

  add('delete <ids...>', 'delete settled executions with all that is stored of them')
    .option(...databaseOption)
    .action(async (ids: string[], options) =>
      settle(await (await import('./delete-command.ts')).deleteCommand(ids, options, context)));

  add('prune', 'delete executions that settled long ago, and give the space back')
    .requiredOption('--older-than <duration>', 'how long ago: 30d, 12h, PT30M')
    .option(...databaseOption)
    .action(async options => settle(await (await import('./prune-command.ts')).pruneCommand(options, context)));

  add('backup <file>', 'write a backup of the database, also while it is written to')
    .option(...databaseOption)
    .action(async (file: string, options) =>
      settle(await (await import('./backup-command.ts')).backupCommand(file, options, context)));

  add('restore <file>', 'put a backup in the place of the database; what was there is kept beside it')
    .option(...databaseOption)
    .action(async (file: string, options) =>
      settle(await (await import('./restore-command.ts')).restoreCommand(file, options, context)));

  add('doctor', 'look at Node.js, SQLite, the database, its owner and the disk, and at what waits for what')
    .option(...databaseOption)
    .action(async options => settle(await (await import('./doctor-command.ts')).doctorCommand(options, context)));

  add('import <files...>', "take over the predecessor's session files and traces as settled executions")
    .option(...databaseOption)
    .action(async (files: string[], options) =>
      settle(await (await import('./import-command.ts')).importCommand(files, options, context)));

  add(
    'check [files...]',
    'check definitions without running anything; with --db, whether what is stored would go on with them',
  )
    .option(...toolsOption)
    .option(...flowOption)
    .option(
      '--db <path>',
      'a database: say what is unfinished in it and would not go on with these flows, tools and machines',
    )
    .action(async (files: string[], options) => settle(options.db === undefined
      ? await (await import('./check-command.ts')).checkCommand(files, options, context)
      : await (await import('./check-database.ts')).checkDatabaseCommand(files, options, context)));

  for (const command of program.commands) {
    command.helpGroup(groups.find(([, names]) => names.includes(command.name()))?.[0] ?? otherGroup);
  }
  return program;
}

/** Waits until a text has left the process, also through a slow pipe. */
function write(stream: NodeJS.WritableStream, text: string | Uint8Array): Promise<void> {
  return new Promise(resolve => stream.write(text, () => resolve()));
}

/** Runs one command line, prints what it came to, and returns the exit code. Never throws. */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<number> {
  const { stdout, stderr, json } = context;
  let help = '';
  let result: CommandResult | undefined;
  const program = createProgram(context, given => (result = given));
  const output = {
    writeOut: (text: string) => void (help += text), writeErr: () => {}, outputError: () => {},
    getOutHelpWidth: () => Math.min(maxHelpColumns, getColumns(stdout)),
  };
  program.configureOutput(output);
  for (const command of program.commands) command.configureOutput(output).exitOverride();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    if (!result) throw new FlowError('usage_invalid', `${noCommand}. flowstone --help shows the commands`);
    if (json) await write(stdout, `${JSON.stringify(result.document)}\n`);
    else if (typeof result.text === 'string') await write(stdout, result.text);
    else for await (const piece of result.text) await write(stdout, piece);
    return result.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await write(stdout, json ? `${JSON.stringify({ help })}\n` : help);
      return exitCodes.passed;
    }
    if (error instanceof CommanderError && error.code === 'commander.help') {
      if (!json) await write(stderr, program.helpInformation());
      else await write(stdout, `${JSON.stringify(toErrorDocument(new FlowError('usage_invalid', noCommand)))}\n`);
      return exitCodes.badUsage;
    }
    const told = error instanceof CommanderError ? toUsageError(error) : error;
    if (json) await write(stdout, `${JSON.stringify(toErrorDocument(told))}\n`);
    await write(stderr, `${formatError(told)}\n`);
    return toExitCode(told);
  }
}

function toUsageError({ message }: CommanderError): FlowError {
  const text = message.replace(/^error: /, '').trim();
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}. flowstone --help shows the commands`;
  return new FlowError('usage_invalid', sentence.replace('..', '.'));
}
