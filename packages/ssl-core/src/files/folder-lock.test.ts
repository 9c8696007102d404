import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataError } from '../errors/data-error.js';
import { FolderLock, lockHolder } from './folder-lock.js';
import { ownIdentity } from './writer-identity.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const source = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** Another process that holds the folder; it prints when it does. */
async function otherHolder(end = 'setInterval(() => {}, 1000);'): Promise<ChildProcess> {
  const script = `import { FolderLock } from ${JSON.stringify(source)};
    await FolderLock.acquire(${JSON.stringify(folder)}, { purpose: 'packing' });
    console.log('held');
    ${end}`;
  const node = ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

const failure = async (work: Promise<unknown>): Promise<DataError> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(DataError.isInstance(error)).toBe(true);
  return error as DataError;
};

it('is held by one at a time, also within a process', async () => {
  const first = await FolderLock.acquire(folder, { purpose: 'training' });
  expect(await lockHolder(folder)).toMatchObject({ ...ownIdentity(), purpose: 'training' });
  const { message } = await failure(FolderLock.acquire(folder, { purpose: 'training' }));
  expect(message).toMatch(
    new RegExp(`is in use by this very process, process ${process.pid} on .+ \\(training, since`),
  );
  await first.release();
  await first.release();
  expect(await lockHolder(folder)).toBeUndefined();
  const second = await FolderLock.acquire(folder, { purpose: 'training' });
  await second.release();
  expect(await readdir(folder)).toEqual([]);
});

it('is refused while another process lives, and taken over at once when that was killed', async () => {
  const child = await otherHolder();
  const { message } = await failure(FolderLock.acquire(folder, { purpose: 'training' }));
  expect(message).toContain(`is in use by process ${child.pid} on `);
  expect(message).toContain('(packing, since');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await readdir(folder)).toEqual(['.ssl-lock']);
  const started = Date.now();
  const lock = await FolderLock.acquire(folder, { purpose: 'training' });
  expect(Date.now() - started).toBeLessThan(5000);
  expect(await lockHolder(folder)).toMatchObject({ pid: process.pid });
  await lock.release();
});

// Other systems tell nothing of threads: there the lock is taken over after `silentMs`.
it.runIf(process.platform === 'linux')(
  'is refused while a worker thread lives, and taken over when that was ended',
  async () => {
    const module = (name: string): string => JSON.stringify(source.replace('folder-lock', name));
    const path = join(folder, 'threads.mjs');
    await writeFile(
      path,
      `import { execFileSync } from 'node:child_process';
    import { once } from 'node:events';
    import { writeFileSync } from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    // The hook of the command line is the main thread's alone.
    if (!isMainThread) (await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})).register();
    const { clearLeftovers } = await import(${module('clear-leftovers')});
    const { FolderLock, lockHolder } = await import(${module('folder-lock')});
    const { temporaryName } = await import(${module('temporary-name')});
    const { livenessOf } = await import(${module('writer-identity')});
    const folder = ${JSON.stringify(folder)};
    if (process.argv[2] === 'look') console.log(livenessOf(await lockHolder(folder)));
    else if (isMainThread) {
      const node = [...process.execArgv, ${JSON.stringify(path)}, 'look'];
      const seen = () => execFileSync(process.execPath, node, { encoding: 'utf8' }).trim();
      const acquire = () => FolderLock.acquire(folder, { purpose: 'training', silentMs: 500 });
      const worker = new Worker(${JSON.stringify(path)});
      await once(worker, 'message');
      const found = { alive: seen(), refused: await acquire().then(() => 'taken', String), left: await clearLeftovers(folder) };
      await worker.terminate();
      const dead = seen();
      const started = performance.now();
      const lock = await acquire();
      const took = performance.now() - started;
      const cleared = await clearLeftovers(folder, { locked: true });
      await lock.release();
      console.log(JSON.stringify({ ...found, dead, took, cleared }));
    } else {
      await FolderLock.acquire(folder, { purpose: 'packing' });
      writeFileSync(temporaryName(folder + '/half'), 'half');
      parentPort.postMessage('held');
      setInterval(() => {}, 1000);
    }`,
    );
    const text = execFileSync(process.execPath, ['--import', 'tsx', '--conditions=ssl-source', path], {
      encoding: 'utf8',
    });
    const found = JSON.parse(text) as Record<string, unknown>;
    expect(found['left']).toEqual([]);
    expect(found['cleared']).toMatchObject([expect.stringMatching(/^half\./)]);
    expect(found).toMatchObject({ alive: 'alive', dead: 'dead' });
    expect(found['refused']).toMatch(/in use by this very process, .* \(packing, since/);
    expect(found['took']).toBeLessThan(500);
    expect(await readdir(folder)).toEqual(['threads.mjs']);
  },
);

it('is given back by a process that ends without a word', async () => {
  const child = await otherHolder('process.exit(0);');
  if (child.exitCode === null) await once(child, 'exit');
  expect(await readdir(folder)).toEqual([]);
});

it('is taken over from another machine that gives no sign, and not from one that does', async () => {
  const path = join(folder, '.ssl-lock');
  const holder = {
    space: '0123456789ab',
    pid: 1,
    started: '5',
    host: 'far\u001b[2J',
    purpose: 'training',
    since: 'then',
    nonce: 'n',
  };
  await writeFile(path, JSON.stringify(holder));
  let waits = 0;
  let touches = 0;
  const beat = setInterval(() => void utimes(path, ++touches, touches), 100);
  const options = { purpose: 'training', silentMs: 1500, onWait: () => void waits++ };
  const { message } = await failure(FolderLock.acquire(folder, options));
  clearInterval(beat);
  expect(message).toContain('process 1 on far\\x1b[2J (training, since then)');
  expect(waits).toBe(1);
  const lock = await FolderLock.acquire(folder, options);
  expect(waits).toBe(2);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
  await lock.release();
});

it('waits once for the several locks that a dead process of another machine left', async () => {
  const holder = { space: 'ba9876543210', pid: 1, started: '5', host: 'far', purpose: 'training', since: 'then' };
  for (const name of ['a', 'b', 'c'])
    await writeFile(join(folder, name), JSON.stringify({ ...holder, started: name === 'c' ? '6' : '5', nonce: name }));
  let waits = 0;
  for (const name of ['a', 'b', 'c'])
    await FolderLock.acquire(folder, { purpose: 'training', name, silentMs: 300, onWait: () => void waits++ });
  expect(waits).toBe(2);
});

it('is taken over where the file says nothing, and only one of many gets it', async () => {
  await writeFile(join(folder, '.ssl-lock'), 'x'.repeat(10_000));
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, () => FolderLock.acquire(folder, { purpose: 'training', silentMs: 300 })),
  );
  const locks = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(locks).toHaveLength(1);
  await locks[0]!.release();
  expect(await readdir(folder)).toEqual([]);
});

it('says what keeps a folder from being locked', async () => {
  const { message } = await failure(FolderLock.acquire(join(folder, 'none'), { purpose: 'training' }));
  expect(message).toMatch(/none\/\.ssl-lock: the folder cannot be locked: no such file or folder \(ENOENT\)/);
});

it('of many that find the lock of a dead process one gets it, round after round', async () => {
  const dead = { ...ownIdentity(), pid: spawnSync('true').pid, host: 'here', purpose: 'training', since: 'then' };
  for (let round = 0; round < 60; round++) {
    const path = join(folder, String(round));
    await mkdir(path);
    await writeFile(join(path, '.ssl-lock'), JSON.stringify({ ...dead, nonce: String(round) }));
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, () => FolderLock.acquire(path, { purpose: 'training' })),
    );
    const locks = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(locks).toHaveLength(1);
    expect(await locks[0]!.isHeld()).toBe(true);
    await locks[0]!.release();
    expect(await readdir(path)).toEqual([]);
  }
});

it('is taken over although a killed process left the lock of a takeover', async () => {
  const dead = { ...ownIdentity(), pid: spawnSync('true').pid, host: 'here', purpose: 'training', since: 'then' };
  for (const name of ['.ssl-lock', '.ssl-lock.takeover', '.ssl-lock.takeover.takeover'])
    await writeFile(join(folder, name), JSON.stringify({ ...dead, nonce: name }));
  const lock = await FolderLock.acquire(folder, { purpose: 'training' });
  expect(await readdir(folder)).toEqual(['.ssl-lock']);
  await lock.release();
});

it.runIf(process.platform === 'linux')(
  'is taken over from a process that ended and that no parent asks for',
  async () => {
    const script = `const { spawn } = require('node:child_process'); const child = spawn('true');
    console.log(child.pid); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000)`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const pid = Number(String((await once(parent.stdout, 'data'))[0]));
      while (!execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z'));
      const started = execFileSync('cut', ['-d ', '-f22', `/proc/${pid}/stat`], { encoding: 'utf8' }).trim();
      const holder = { ...ownIdentity(), pid, started, host: 'here', purpose: 'training', since: 'then', nonce: 'n' };
      await writeFile(join(folder, '.ssl-lock'), JSON.stringify(holder));
      const lock = await FolderLock.acquire(folder, { purpose: 'training' });
      expect(await lockHolder(folder)).toMatchObject({ pid: process.pid });
      await lock.release();
    } finally {
      parent.kill('SIGKILL');
    }
  },
);

it('of a folder that was moved away and made again, the new one is left alone, also at the exit', async () => {
  const script = `import { renameSync, mkdirSync, writeFileSync } from 'node:fs';
    import { FolderLock } from ${JSON.stringify(source)};
    const lock = await FolderLock.acquire(${JSON.stringify(folder)}, { purpose: 'packing' });
    renameSync(${JSON.stringify(folder)}, ${JSON.stringify(`${folder}-moved`)});
    mkdirSync(${JSON.stringify(folder)});
    writeFileSync(${JSON.stringify(join(folder, '.ssl-lock'))}, "another's");
    console.log(await lock.isHeld());
    process.exit(0);`;
  const node = ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script];
  expect(execFileSync(process.execPath, node, { encoding: 'utf8' })).toBe('false\n');
  await rm(`${folder}-moved`, { recursive: true });
  expect(await readFile(join(folder, '.ssl-lock'), 'utf8')).toBe("another's");
});

it('does not wait for, follow or remove what is no file', async () => {
  const path = join(folder, '.ssl-lock');
  const makers = [
    () => mkdir(path),
    () => Promise.resolve(void execFileSync('mkfifo', [path])),
    () => symlink(join(folder, 'nothing'), path),
  ];
  for (const make of makers) {
    await make();
    const { message } = await failure(FolderLock.acquire(folder, { purpose: 'training', silentMs: 100 }));
    expect(message).toBe(`${path}: has the name of the lock and is no file. Move it away, or use another folder`);
    await rename(path, join(folder, 'away'));
    await (await FolderLock.acquire(folder, { purpose: 'training' })).release();
    await rm(join(folder, 'away'), { recursive: true });
  }
});
