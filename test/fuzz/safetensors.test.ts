import { readFileSync } from 'node:fs';
import { encodeSafetensors, loadSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

/** A file without checksums, as other tools write them, so that damage reaches the rules of the format. */
function foreign(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(dataBytes, 1)]);
}

const seeds: FuzzSeed[] = [
  {
    name: 'python.safetensors',
    bytes: readFileSync(new URL('../golden/nn/element-types.safetensors', import.meta.url)),
  },
  {
    name: 'types.safetensors',
    bytes: foreign(
      {
        __metadata__: { note: 'é "x" \\' },
        f: { dtype: 'F64', shape: [2], data_offsets: [0, 16] },
        'b.ü': { dtype: 'F8_E4M3', shape: [2, 2], data_offsets: [16, 20] },
        '': { dtype: 'F4', shape: [2], data_offsets: [20, 21] },
        none: { dtype: 'U64', shape: [0, 7], data_offsets: [21, 21], extra: [{ deep: [1.5, null, true] }] },
      },
      21,
    ),
  },
  { name: 'spaced.safetensors', bytes: foreign('{ "a" :\n{"shape":[1],"dtype":"U8","data_offsets":[0, 1] } }   ', 1) },
  {
    name: 'ours.safetensors',
    bytes: encodeSafetensors(new Map([['w', { data: Float32Array.of(1, 2), shape: [2] }]]), { note: 'x' }),
  },
];

describeFuzz(
  'safetensors',
  seeds,
  async (path) => {
    const { tensors, metadata, skipped } = await loadSafetensors(path, { maxBytes: 2 ** 20 });
    for (const { data, shape } of tensors.values()) {
      expect(shape.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true);
      expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
    }
    for (const { name, dtype, reason } of skipped)
      expect([tensors.has(name), dtype, reason]).toEqual([false, expect.any(String), expect.any(String)]);
    expect(Object.values(metadata).every((value) => typeof value === 'string')).toBe(true);
  },
  { maxAllocation: 2 ** 21, headerBytes: 400, refusal: CheckpointError },
);
