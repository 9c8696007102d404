import { gunzipSync, gzipSync } from 'node:zlib';
import { openNifti } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { arraySeed } from './array-seeds.js';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

/** The damage goes inside the compression. */
function unpacked(name: string): FuzzSeed {
  return { name, bytes: gunzipSync(arraySeed(name).bytes), wrap: gzipSync };
}

const plain = ['i2-little.nii', 'u1-time.nii', 'f8-micron.nii', 'i4-second-big.nii', 'i8-large.nii'];
const seeds = [...plain.map(arraySeed), arraySeed('f4-qform.nii.gz')].concat(
  ['i2-big.nii.gz', 'f4-qform.nii.gz', 'u2-second.nii.gz'].map(unpacked),
);
const maxBytes = 2 ** 20;

describeFuzz(
  'NIfTI',
  seeds,
  async (path) => {
    const { volume, affine, spacing } = await openNifti(path, { maxBytes });
    expect(volume.shape).toHaveLength(4);
    expect(volume.data).toHaveLength(volume.shape.reduce((product, side) => product * side, 1));
    expect(volume.data.byteLength).toBeLessThanOrEqual(maxBytes);
    expect(affine.flat()).toHaveLength(16);
    expect([...affine.flat(), ...spacing].every(Number.isFinite)).toBe(true);
  },
  { maxAllocation: 8 * maxBytes, headerBytes: 540 },
);
