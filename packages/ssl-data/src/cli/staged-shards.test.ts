import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clearStage, finishPlacing, placeShards } from './staged-shards.js';

let [out, stage] = ['', ''];
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'ssl-staged-'));
  stage = join(out, '.stage');
  await mkdir(stage);
  for (const name of ['0.tar', '1.tar', '2.tar']) {
    await writeFile(join(stage, name), `new ${name}`);
    await writeFile(join(stage, `${name}.index.json`), `index of new ${name}`);
  }
  for (const name of ['0.tar', '7.tar', '9.tar']) await writeFile(join(out, name), `old ${name}`);
});
afterEach(() => rm(out, { recursive: true }));

const staged = (): string[] => ['0.tar', '1.tar', '2.tar'].map((name) => join(stage, name));

/** What a packing writes before it moves: it was killed then. */
async function writePlan(): Promise<void> {
  const replaced = [];
  for (const name of ['0.tar', '7.tar']) {
    const { size, mtimeMs } = await stat(join(out, name));
    replaced.push({ name, bytes: size, modified: mtimeMs });
  }
  await writeFile(join(stage, 'moving.json'), JSON.stringify({ replaced, shards: ['0.tar', '1.tar', '2.tar'] }));
}

async function expectPlaced(): Promise<void> {
  expect((await readdir(out)).filter((name) => name.endsWith('.tar')).sort()).toEqual([
    '0.tar',
    '1.tar',
    '2.tar',
    '9.tar',
  ]);
  for (const name of ['0.tar', '1.tar', '2.tar']) {
    expect(await readFile(join(out, name), 'utf8')).toBe(`new ${name}`);
    expect(await readFile(join(out, `${name}.index.json`), 'utf8')).toBe(`index of new ${name}`);
  }
  expect(await readFile(join(out, '9.tar'), 'utf8')).toBe('old 9.tar');
  expect(await readdir(stage)).toEqual([]);
}

it('moves shards in place of those that are replaced', async () => {
  expect(await placeShards(stage, out, staged(), ['0.tar', '7.tar'])).toEqual(
    ['0.tar', '1.tar', '2.tar'].map((name) => join(out, name)),
  );
  await expectPlaced();
});

it.each([0, 1, 2, 3, 4, 5, 6])('goes on after a kill, %i moves on', async (moves) => {
  await writePlan();
  if (moves > 0) for (const name of ['0.tar', '7.tar']) await rm(join(out, name));
  const files = ['0.tar', '1.tar', '2.tar'].flatMap((name) => [name, `${name}.index.json`]);
  for (const name of files.slice(0, moves)) await rename(join(stage, name), join(out, name));
  // What is being placed is no leftover.
  await clearStage(stage);
  await finishPlacing(stage, out);
  await expectPlaced();
});

it('clears shards that were not finished, and nothing else', async () => {
  await writeFile(join(stage, 'notes.txt'), 'mine');
  await finishPlacing(stage, out);
  await clearStage(stage);
  expect(await readdir(stage)).toEqual(['notes.txt']);
  expect(await readFile(join(out, '0.tar'), 'utf8')).toBe('old 0.tar');
});

it.each(['0.tar', '1.tar'])(
  'writes over no %s that somebody put there after a kill, and goes on without it',
  async (name) => {
    await writePlan();
    await rm(join(out, name), { force: true });
    await writeFile(join(out, name), 'a file of mine');
    const before = await readdir(out);
    await expect(finishPlacing(stage, out)).rejects.toThrow(
      /[01].tar: has the name of a shard that a packing which was stopped has still to move here/,
    );
    expect(await readdir(out)).toEqual(before);
    expect(await readFile(join(out, name), 'utf8')).toBe('a file of mine');
    // As the message advises.
    await rename(join(out, name), join(out, 'mine.txt'));
    await finishPlacing(stage, out);
    await expectPlaced();
    expect(await readFile(join(out, 'mine.txt'), 'utf8')).toBe('a file of mine');
  },
);

it('removes no shard of another size or time than the one that was to be replaced', async () => {
  await writePlan();
  await writeFile(join(out, '7.tar'), 'mine now, and longer');
  await finishPlacing(stage, out);
  expect(await readFile(join(out, '7.tar'), 'utf8')).toBe('mine now, and longer');
  expect(await readFile(join(out, '0.tar'), 'utf8')).toBe('new 0.tar');
});
