import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** The folder with PostgreSQL's programs; undefined: not installed. */
function findPrograms() {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    ...(existsSync(debian) ? readdirSync(debian).map(version => join(debian, version, 'bin')) : []),
    '/usr/local/pgsql/bin', '/opt/homebrew/bin',
  ];
  return folders.find(folder => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
}

const stop = () => {};

/** PostgreSQL refuses to run as root: then it runs as whoever owns the least. */
function findUser() {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const uid = Number(spawnSync('id', ['-u', name]).stdout);
    const gid = Number(spawnSync('id', ['-g', name]).stdout);
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  return undefined;
}

const findPort = async () => {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
};

/**
 * Starts a server with its defaults in a folder of its own, on 127.0.0.1 with a password made for it.
 * Gives `{ url, version, stop }`, or `{ reason, stop }` where it cannot.
 */
export async function startPostgres(scratch) {
  const programs = findPrograms();
  if (!programs) return { reason: 'skipped, initdb and pg_ctl not found', stop };
  const user = findUser();
  if (!user) return { reason: 'skipped, it refuses to run as root and there is no other user', stop };

  const folder = join(scratch, 'postgres');
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(scratch, 'postgres-password');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid) {
    chmodSync(scratch, 0o711);
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const call = (program, args) => spawnSync(join(programs, program), args, { ...user, cwd: folder, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });

  const data = join(folder, 'data');
  const made = call('initdb', ['-D', data, '-U', 'bench', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C']);
  rmSync(passwordFile);
  if (made.status !== 0) return { reason: `skipped, initdb failed: ${made.stderr || made.error}`, stop };
  const port = await findPort();
  const started = call('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`, 'start']);
  if (started.status !== 0) return { reason: `skipped, pg_ctl failed: ${started.stderr || started.error}`, stop };
  const version = spawnSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout.trim();
  return {
    version,
    url: `postgresql://bench:${password}@127.0.0.1:${port}/postgres`,
    stop: () => call('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']),
  };
}
