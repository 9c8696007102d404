import { randomBytes } from 'node:crypto';
import { ownIdentity, type WriterIdentity } from './writer-identity.js';

const form =
  /\.(?<space>[0-9a-f]{12})-(?<pid>\d{1,10})-(?<started>r?[0-9a-f]{1,20})(?:-(?<thread>\d{1,10}s\d{1,20}|w\d{1,10}))?-[0-9a-f]{16}\.tmp$/;

/**
 * A name beside `path` that no other writer uses, in any thread, process, container or machine, and that says who
 * writes it, so that {@link clearLeftovers} can remove it once that process or
 * worker thread is dead. It ends in `.tmp`.
 */
export function temporaryName(path: string): string {
  const { space, pid, started, thread } = ownIdentity();
  const writer = [space, pid, started, ...(thread === undefined ? [] : [thread])].join('-');
  return `${path}.${writer}-${randomBytes(8).toString('hex')}.tmp`;
}

/** The writer of a file of {@link temporaryName}; undefined for any other name. */
export function writerOf(name: string): WriterIdentity | undefined {
  const groups = form.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { space, pid, started, thread } = groups as Record<'space' | 'pid' | 'started', string> & { thread?: string };
  return { space, pid: Number(pid), started, ...(thread === undefined ? {} : { thread }) };
}
