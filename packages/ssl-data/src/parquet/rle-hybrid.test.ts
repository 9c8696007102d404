import fc from 'fast-check';
import { DataError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { rleHybrid } from './rle-hybrid.js';

/** Runs and groups, written bit by bit. */
function encode(parts: readonly { packed: boolean; values: readonly number[] }[], width: number): Uint8Array {
  const bytes: number[] = [];
  const varint = (value: number): void => {
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
    bytes.push(value);
  };
  for (const { packed, values } of parts) {
    if (packed) {
      varint(2 * Math.ceil(values.length / 8) + 1);
      const groups = Math.ceil(values.length / 8) * 8;
      const bits = Array.from({ length: groups }, (_, index) =>
        Array.from({ length: width }, (__, bit) => Math.floor((values[index] ?? 0) / 2 ** bit) % 2),
      ).flat();
      for (let at = 0; at < bits.length; at += 8)
        bytes.push(bits.slice(at, at + 8).reduce((sum, bit, index) => sum + bit * 2 ** index, 0));
    } else {
      varint(2 * values.length);
      for (let shift = 0; shift < width; shift += 8) bytes.push(Math.floor(values[0]! / 2 ** shift) % 256);
    }
  }
  return Uint8Array.from(bytes);
}

it('reads runs and groups of every width', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 32 }),
      fc.array(fc.record({ packed: fc.boolean(), length: fc.integer({ min: 1, max: 300 }), seed: fc.nat() }), {
        minLength: 1,
        maxLength: 5,
      }),
      (width, shapes) => {
        const parts = shapes.map(({ packed, length, seed }, index) => {
          // Groups have eight values but for the last.
          const count = packed && index < shapes.length - 1 ? 8 * Math.ceil(length / 8) : length;
          const value = (at: number): number => (seed + (packed ? at * 2654435761 : 0)) % 2 ** width;
          return { packed, values: Array.from({ length: count }, (_, at) => value(at)) };
        });
        const values = parts.flatMap((part) => part.values);
        expect([...rleHybrid(encode(parts, width), width, values.length)]).toEqual(values);
      },
    ),
    { seed: 6 },
  );
});

it('knows the example of the format: 0 to 7 in three bits', () => {
  expect([...rleHybrid(Uint8Array.of(3, 0b10001000, 0b11000110, 0b11111010), 3, 8)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it('takes no more than is asked for, and refuses what ends too early', () => {
  // A run of 2^29 values.
  expect([...rleHybrid(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 5), 3, 4)]).toEqual([5, 5, 5, 5]);
  expect([...rleHybrid(new Uint8Array(0), 0, 3)]).toEqual([0, 0, 0]);
  for (const bytes of [[], [2], [3, 1], [0, 0, 0, 0], [255, 255, 255, 255, 255, 255]])
    expect(() => rleHybrid(Uint8Array.from(bytes), 3, 8)).toThrow(DataError);
  expect(() => rleHybrid(Uint8Array.of(2, 0), 33, 8)).toThrow(DataError);
});
