import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';

/** Who writes a file or holds a lock: enough to tell later whether that process is still alive. */
export interface WriterIdentity {
  /** Of the machine as it is booted now, and of its space of process ids: two containers have different ones. */
  readonly space: string;
  readonly pid: number;
  /** When the process began; a later process with the same id began at another time. */
  readonly started: string;
  /**
   * Of a worker thread, which `terminate()` may end while its process goes on: its id for the system and when it began,
   * `4711s1234567`, or `w3`, its number in Node, where the system does not say.
   */
  readonly thread?: string | undefined;
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

/** When a thread began, in ticks since the machine was booted; undefined as of {@link startOf}. */
function startOfThread(pid: number, thread: string): string | undefined {
  const stat = readQuietly(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** The worker thread that asks; undefined for the main thread, which lives as long as its process. */
function ownThread(): string | undefined {
  if (isMainThread) return undefined;
  // '4710/task/4711'; read by the very thread, as the call is synchronous.
  const id = /\/task\/(\d+)$/.exec(readQuietly(() => readlinkSync('/proc/thread-self')) ?? '')?.[1];
  const start = id === undefined ? undefined : startOfThread(process.pid, id);
  return start === undefined ? `w${threadId}` : `${id}s${start}`;
}

/** Whether a thread of a living process lives. */
function livenessOfThread(pid: number, thread: string): 'alive' | 'dead' | 'unknown' {
  if (pid === process.pid && thread === ownIdentity().thread) return 'alive';
  const [, id, start] = /^(\d+)s(\d+)$/.exec(thread) ?? [];
  if (id === undefined) return 'unknown';
  const present = startOfThread(pid, id);
  if (present !== undefined) return present === start ? 'alive' : 'dead';
  // A process that hides its threads is asked in vain.
  return startOfThread(pid, String(pid)) === undefined ? 'unknown' : 'dead';
}

let own: WriterIdentity | undefined;

/** This process, and this thread where it is a worker. */
export function ownIdentity(): WriterIdentity {
  if (own !== undefined && own.pid === process.pid) return own;
  const boot = readQuietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '';
  const pids = readQuietly(() => readlinkSync('/proc/self/ns/pid')) ?? '';
  const space = hex(`${hostname()}\n${boot}\n${pids}`, 12);
  const thread = ownThread();
  const started = startOf(process.pid) ?? startByClock();
  own = { space, pid: process.pid, started, ...(thread === undefined ? {} : { thread }) };
  return own;
}

/**
 * Whether a writer is alive: 'unknown' for one of another machine or container, and for a worker thread where the system
 * does not say, which nothing here can ask.
 */
export function livenessOf(writer: WriterIdentity): 'alive' | 'dead' | 'unknown' {
  const process = livenessOfProcess(writer);
  const { pid, thread } = writer;
  return process === 'alive' && thread !== undefined ? livenessOfThread(pid, thread) : process;
}

function livenessOfProcess({ space, pid, started }: WriterIdentity): 'alive' | 'dead' | 'unknown' {
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
