import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** TCP sockets that processes listen on or have open, as the system tells them. */
export function listPorts(pids: readonly number[]): string[] {
  if (process.platform === 'linux') return pids.flatMap(listOnLinux);
  if (process.platform === 'win32') return run('netstat', ['-ano', '-p', 'TCP']).filter(line => pids.includes(Number(line.trim().split(/\s+/).at(-1))));
  return run('lsof', ['-nP', '-iTCP', '-a', '-p', pids.join(',')]).slice(1);
}

/** `lsof` ends with 1 when it has found nothing. */
function run(command: string, args: readonly string[]): string[] {
  try {
    return execFileSync(command, args, { encoding: 'utf8' }).split('\n').filter(Boolean);
  } catch (error) {
    const { status, stdout } = error as { readonly status?: number | null; readonly stdout?: string };
    if (status === 1) return (stdout ?? '').split('\n').filter(Boolean);
    throw error;
  }
}

function listOnLinux(pid: number): string[] {
  const known = new Map<string, string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const cells = line.trim().split(/\s+/);
      known.set(cells[9] ?? '', `${pid}: ${table} ${cells[1]}`);
    }
  }
  return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return known.get(inode) ?? [];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
}
