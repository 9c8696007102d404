import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/arrays.json' with { type: 'json' };
import { openNifti } from './open-nifti.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nifti-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of a golden file with some bytes changed; returns its path. */
async function changed(name: string, change: (bytes: Buffer) => Buffer | undefined, golden = 'i2-little.nii') {
  const bytes = await readFile(join(arrays, golden));
  const path = join(folder, name);
  await writeFile(path, change(bytes) ?? bytes);
  return path;
}

describe('openNifti', () => {
  it.each(Object.entries(golden.nifti))(
    'reads what nibabel reads: %s',
    async (name, { shape, values, affine, spacing }) => {
      const nifti = await openNifti(join(arrays, name));
      expect(nifti.volume.shape).toEqual(shape);
      expect(nifti.volume.data).toEqual(
        new Float32Array(new SharedArrayBuffer(values.length * 4)).map((_, i) => values[i]!),
      );
      expect(nifti.volume.data.buffer).toBeInstanceOf(SharedArrayBuffer);
      nifti.affine.forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(affine[i]![j]!, 4)));
      nifti.spacing.forEach((value, axis) => expect(value).toBeCloseTo(spacing[axis]!, 5));
    },
  );

  it('takes the voxel size where there is no orientation', async () => {
    const path = await changed('plain.nii', (bytes) => void bytes.fill(0, 252, 256));
    const { affine, spacing } = await openNifti(path);
    const [d, h, w] = spacing;
    expect(affine).toEqual([
      [w, 0, 0, 0],
      [0, h, 0, 0],
      [0, 0, d, 0],
      [0, 0, 0, 1],
    ]);
    expect(w).toBeCloseTo(Math.hypot(2, 0.2), 5);
  });

  it.each([
    ['zero', 0],
    ['NaN', NaN],
  ])('takes values as they are when the slope is %s', async (name, slope) => {
    const path = await changed(`${name}.nii`, (bytes) => void bytes.writeFloatLE(slope, 112));
    const { volume } = await openNifti(path);
    const bytes = await readFile(path);
    expect([...volume.data]).toEqual(Array.from({ length: 24 }, (_, i) => bytes.readInt16LE(352 + 2 * i)));
  });

  it('passes over extensions and what comes after the voxels', async () => {
    const path = await changed('extended.nii', (bytes) => {
      const head = Buffer.from(bytes.subarray(0, 352));
      head.writeFloatLE(352 + 70_000, 108);
      head[348] = 1;
      return Buffer.concat([head, Buffer.alloc(70_000, 7), bytes.subarray(352), Buffer.alloc(9)]);
    });
    expect([...(await openNifti(path)).volume.data]).toEqual(golden.nifti['i2-little.nii'].values);
  });

  it.each<[string, RegExp, number | undefined, (bytes: Buffer) => Buffer | void]>([
    ['other', /not a NIfTI file/, 0, (b) => void b.writeInt32LE(349, 0)],
    ['cut', /header ends after 200 bytes; a NIfTI-1 header has 348/, 200, (b) => b.subarray(0, 200)],
    ['pair', /one half of a \.hdr\/\.img pair/, 344, (b) => void b.write('ni1', 344)],
    ['analyze', /ANALYZE 7\.5 has no orientation/, 344, (b) => void b.fill(0, 344, 348)],
    ['rank', /has 8 axes, expected 1 to 7/, 40, (b) => void b.writeInt16LE(8, 40)],
    ['side', /axis 2 has -3 voxels/, 44, (b) => void b.writeInt16LE(-3, 44)],
    ['colour', /datatype 128 is not supported; supported are 2 \(uint8\)/, 70, (b) => void b.writeInt16LE(128, 70)],
    ['inside', /voxels begin at byte 100, which is inside the header/, 108, (b) => void b.writeFloatLE(100, 108)],
    ['nowhere', /voxels begin at byte NaN/, 108, (b) => void b.writeFloatLE(NaN, 108)],
    ['intercept', /scl_inter is NaN/, 112, (b) => void b.writeFloatLE(NaN, 116)],
    ['slope', /beyond float32/, undefined, (b) => void b.writeFloatLE(3e38, 112)],
    ['unit', /unknown unit of length/, 123, (b) => void b.writeUInt8(7, 123)],
    ['affine', /is no finite number/, 76, (b) => void b.writeFloatLE(Infinity, 284)],
    [
      'large',
      /announces 140724603846652000 bytes .* raise maxBytes/,
      40,
      (b) => {
        for (const [axis, side] of [32767, 32767, 32767, 1000].entries()) b.writeInt16LE(side, 42 + 2 * axis);
        b.writeInt16LE(4, 40);
      },
    ],
    ['truncated', /truncated: expected 400 bytes for shape \[1, 2, 3, 4\], found 390/, 390, (b) => b.subarray(0, 390)],
    ['far', /truncated: expected/, undefined, (b) => void b.writeFloatLE(1e12, 108)],
  ])('refuses a bad file: %s', async (name, message, offset, change) => {
    const path = await changed(name, (bytes) => change(bytes) ?? undefined);
    const error = await openNifti(path).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
    expect(error).toMatchObject(offset === undefined ? { path } : { path, offset });
  });

  it('keeps to maxBytes', async () => {
    await expect(openNifti(join(arrays, 'i2-little.nii'), { maxBytes: 95 })).rejects.toThrow(/announces 96 bytes/);
  });
});
