import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isFolder } from './is-folder.js';

it('is true of a folder and of a link to one, and of nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssl-is-folder-'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync(folder, join(folder, 'link'));
  const found = [folder, join(folder, 'link'), join(folder, 'file'), join(folder, 'nothing')].map(isFolder);
  expect(await Promise.all(found)).toEqual([true, true, false, false]);
  rmSync(folder, { recursive: true });
});
