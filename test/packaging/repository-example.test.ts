import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, inject, test } from 'vitest';

import { unexpectedErrorOutput } from './expected-output.js';
import { node } from './node-process.js';

const { directory, diagnostics } = inject('consumer');

/** The README's ten lines, made small: what it takes off is size and length only. */
function shrunk(example: string): string {
  const changes = [
    [/size: \d+/, 'size: 32'],
    [/batchSize: \d+/, 'batchSize: 8'],
    [/\d+ \* loader\.batchesPerEpoch/, '2 * loader.batchesPerEpoch'],
  ] as const;
  return changes.reduce((code, [pattern, replacement]) => {
    expect(code).toMatch(pattern);
    return code.replace(pattern, replacement);
  }, example);
}

test("the repository's README type-checks and pretrains on a folder of images", async () => {
  expect(diagnostics.filter((line) => line.startsWith('examples/repository.ts'))).toEqual([]);
  const cwd = await mkdtemp(join(directory, 'run-repository-'));
  await mkdir(join(cwd, 'photos'));
  for (let i = 0; i < 16; i++) {
    const data = Uint8Array.from({ length: 40 * 48 * 3 }, (_, j) => (i * 37 + j * (i + 3)) % 256);
    await sharp(data, { raw: { width: 48, height: 40, channels: 3 } })
      .png()
      .toFile(join(cwd, 'photos', `photo-${i}.png`));
  }
  const script = join(cwd, 'pretrain.js');
  await writeFile(script, shrunk(await readFile(join(directory, 'examples/repository.js'), 'utf8')));
  const { code, stderr } = await node([script], { cwd });
  expect({ code, stderr: unexpectedErrorOutput(stderr) }).toEqual({ code: 0, stderr: '' });
  const saved = await readFile(join(cwd, 'encoder.safetensors'));
  expect(saved.byteLength).toBeGreaterThan(4 * 11_000_000);
  expect(saved.toString('latin1', 8, 8 + Number(saved.readBigUInt64LE(0)))).toContain('"layer4.1.bn2.running_mean"');
});
