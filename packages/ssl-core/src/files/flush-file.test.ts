import { mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { flushFile } from './flush-file.js';

it('needs no more of a handle than its number', async () => {
  const file = await open(join(await mkdtemp(join(tmpdir(), 'flush-')), 'a'), 'wx');
  const { fd } = file;
  await expect(flushFile({ fd })).resolves.toBeUndefined();
  await file.close();
  await expect(flushFile({ fd })).rejects.toThrow(/EBADF|EINVAL/);
});
