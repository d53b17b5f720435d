import { permanent, toErrno, transient } from './define-built-in.ts';
import { runProcess } from './run-process.ts';

/** Variables that would point git at another repository than the folder's. */
const misleading = new Set(['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMON_DIR', 'GIT_PREFIX', 'GIT_NAMESPACE', 'GIT_OBJECT_DIRECTORY']);

/**
 * Runs git, read-only, in a folder, and returns what it printed.
 *
 * Fails with `git_not_found`, `git_not_a_repository` or `git_failed`.
 */
export async function runGit(folder: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !misleading.has(name));
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_PAGER: 'cat' };
  const result = await runProcess({
    command: 'git',
    // A repository's own configuration may name programs to run; reading a folder must not run them.
    args: ['-c', 'core.fsmonitor=false', '-c', 'log.showSignature=false', ...args],
    cwd: folder,
    env,
    maxOutputBytes: 256 * 1024 * 1024,
    signal,
  }).catch((error: unknown) => {
    if (toErrno(error) === 'ENOENT') throw permanent('git_not_found', 'Expected the program `git` to be in PATH; install git');
    throw error;
  });
  if (result.exitCode === 0 && !result.tooLarge) return result.stdout.toString('utf8');
  const details = { exitCode: result.exitCode, stderr: result.stderr.slice(-2_000).trim() };
  // 128 with these words is git's only sign for it; LC_ALL=C fixes the words.
  if (result.exitCode === 128 && /not a git repository/i.test(result.stderr)) {
    throw permanent('git_not_a_repository', `Expected ${JSON.stringify(folder)} to be in a git repository; make one with git init, or leave the step out`, details);
  }
  throw transient('git_failed', `git ${args[0]} ended with exit code ${result.exitCode}: ${details.stderr.split('\n', 1)[0]}`, details);
}
