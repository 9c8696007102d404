import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors/data-error.js';
import { openRegularFile } from './open-regular-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-open-'));
  await writeFile(join(folder, 'file'), 'abc');
  await symlink('file', join(folder, 'link'));
  await symlink('nowhere', join(folder, 'dangling'));
  await symlink('loop', join(folder, 'loop'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function messageOf(name: string, maxBytes?: number): Promise<string> {
  const opened = openRegularFile(
    name.startsWith('/') ? name : join(folder, name),
    maxBytes === undefined ? {} : { maxBytes },
  );
  const error: unknown = await opened.then(
    async (file) => file.close(),
    (cause: unknown) => cause,
  );
  expect(DataError.isInstance(error)).toBe(true);
  return (error as DataError).message;
}

it.each(['file', 'link'])('opens %s', async (name) => {
  const file = await openRegularFile(join(folder, name), { maxBytes: 3 });
  expect(await file.readFile('utf8')).toBe('abc');
  await file.close();
});

it('refuses what is missing, a folder, a loop, or too large', async () => {
  expect(await messageOf('none')).toMatch(/none: no such file \(ENOENT\); check the path/);
  expect(await messageOf('dangling')).toMatch(/no such file/);
  expect(await messageOf('.')).toMatch(/is a folder, not a file/);
  expect(await messageOf('loop')).toMatch(/ELOOP/);
  expect(await messageOf('file/x')).toMatch(/ENOTDIR/);
  expect(await messageOf('file', 2)).toMatch(/has 3 bytes, more than the limit of 2/);
  await writeFile(join(folder, 'sparse'), '');
  await truncate(join(folder, 'sparse'), 40e9);
  expect(await messageOf('sparse', 1e9)).toMatch(/has 40000000000 bytes/);
});

describe.skipIf(process.platform === 'win32')('without waiting', () => {
  it('refuses a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await messageOf('pipe')).toMatch(/is a pipe, not a file; leave it out/);
  });

  it('refuses a socket and a device', async () => {
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await messageOf('socket')).toMatch(/is a socket, not a file/);
    server.close();
    expect(await messageOf('/dev/zero')).toMatch(/is a device, not a file/);
  });
});
