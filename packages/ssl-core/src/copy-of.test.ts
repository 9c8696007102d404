import { expect, it } from 'vitest';
import { copyOf } from './copy-of.js';

it.each([Uint8Array.of(1, 2), Buffer.from([1, 2]), Int32Array.of(1, 2), Float32Array.of(1, 2)])(
  'shares no memory with %o',
  (data) => {
    const copy = copyOf(data);
    expect([...copy]).toEqual([1, 2]);
    data[0] = 9;
    expect(copy[0]).toBe(1);
    expect(copy.buffer.byteLength).toBe(copy.byteLength);
  },
);
