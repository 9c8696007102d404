import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WholeFile } from './whole-file.js';

const folder = await mkdtemp(join(tmpdir(), 'whole-file-'));
afterAll(() => rm(folder, { recursive: true }));

describe('WholeFile', () => {
  it('has its path when it is finished, and not before', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    const file = await WholeFile.create(path);
    await file.write(Buffer.from('new content'));
    expect(await readFile(path, 'utf8')).toBe('old');
    await file.finish();
    expect(await readFile(path, 'utf8')).toBe('new content');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('is written at any place, and again from the beginning', async () => {
    const path = join(folder, 'b');
    const file = await WholeFile.create(path);
    await file.write(Buffer.from('wrong from the start'));
    await file.clear();
    await file.write(Buffer.from('....tail'), 0);
    await file.write(Buffer.from('head'), 0);
    await file.finish();
    expect(await readFile(path, 'utf8')).toBe('headtail');
  });

  it('replaces nothing that may not be replaced, and leaves nothing behind when it is discarded', async () => {
    const path = join(folder, 'c');
    await writeFile(path, 'of somebody');
    const file = await WholeFile.create(path);
    await file.write(Buffer.from('mine'));
    const refused = file.finish(() => Promise.reject(new RangeError('not this one')));
    await expect(refused).rejects.toThrow('not this one');
    await file.discard();
    await file.discard();
    expect(await readFile(path, 'utf8')).toBe('of somebody');
    expect((await readdir(folder)).filter((name) => name.includes('c'))).toEqual(['c']);
  });
});
