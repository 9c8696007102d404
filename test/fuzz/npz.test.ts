import { openNpz } from '@selfsup/ssl-data';
import { DataError } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import { arraySeed } from './array-seeds.js';
import { describeFuzz } from './describe-fuzz.js';

const maxBytes = 2 ** 20;

describeFuzz(
  'npz',
  ['stored.npz', 'deflated.npz', 'cifar-rows.npz'].map(arraySeed),
  async (path) => {
    const npz = await openNpz(path, { maxBytes, maxArrays: 100 });
    expect(npz.names.length).toBeLessThanOrEqual(100);
    let damaged: DataError | undefined;
    for (const name of npz.names) {
      try {
        const { data, shape } = await npz.get(name);
        expect(data).toHaveLength(shape.reduce((product, side) => product * side, 1));
        expect(data.byteLength).toBeLessThanOrEqual(maxBytes);
      } catch (error) {
        // The other arrays are to be read, too.
        if (!DataError.isInstance(error)) throw error;
        damaged = error;
      }
    }
    if (damaged !== undefined) throw damaged;
  },
  // Directory and members lie all over the file.
  { maxAllocation: 8 * maxBytes, headerBytes: 1200 },
);
