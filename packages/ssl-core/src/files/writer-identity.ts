import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who writes a file or holds a lock: enough to tell later whether that process is still alive. */
export interface WriterIdentity {
  /** Of the machine as it is booted now, and of its space of process ids: two containers have different ones. */
  readonly space: string;
  readonly pid: number;
  /** When the process began; a later process with the same id began at another time. */
  readonly started: string;
}

const hex = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

const readQuietly = (read: () => string): string | undefined => {
  try {
    return read().trim();
  } catch {
    return undefined;
  }
};

/**
 * When a process of this space began; undefined where there is none with this id, or where the system does not say.
 * 'ended' for one that ended and whose parent has not asked for its status, which in a container may last for ever.
 *
 * Linux: fields 3 and 22 of `/proc/<pid>/stat`, the latter in ticks since the machine was booted.
 */
function startOf(pid: number): string | undefined {
  const stat = readQuietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name of the program, in brackets, may hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' || fields?.[0] === 'X' ? 'ended' : fields?.[19];
}

/** Where the system does not say: by this machine's clock, in ms, marked by an r. Threads differ by little. */
const startByClock = (): string => `r${Math.round(Date.now() - process.uptime() * 1000).toString(16)}`;
const clockToleranceMs = 5000;

function sameStart(a: string, b: string): boolean {
  if (a === b || !a.startsWith('r') || !b.startsWith('r')) return a === b;
  return Math.abs(parseInt(a.slice(1), 16) - parseInt(b.slice(1), 16)) < clockToleranceMs;
}

let own: WriterIdentity | undefined;

/** This process. */
export function ownIdentity(): WriterIdentity {
  if (own !== undefined && own.pid === process.pid) return own;
  const boot = readQuietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '';
  const pids = readQuietly(() => readlinkSync('/proc/self/ns/pid')) ?? '';
  const space = hex(`${hostname()}\n${boot}\n${pids}`, 12);
  own = { space, pid: process.pid, started: startOf(process.pid) ?? startByClock() };
  return own;
}

/** Whether a writer is alive: 'unknown' for one of another machine or container, which nothing here can ask. */
export function livenessOf({ space, pid, started }: WriterIdentity): 'alive' | 'dead' | 'unknown' {
  const self = ownIdentity();
  if (space !== self.space) return 'unknown';
  if (pid === self.pid) return sameStart(started, self.started) ? 'alive' : 'dead';
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  if (started.startsWith('r')) return 'alive';
  const present = startOf(pid);
  return present === undefined || present === started ? 'alive' : 'dead';
}
