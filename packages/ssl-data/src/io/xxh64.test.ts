import { describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/zstd.json' with { type: 'json' };
import { Xxh64 } from './xxh64.js';

/** The bytes that generate_zstd.py makes. */
const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * i * 31 + i) & 255);

describe('Xxh64', () => {
  it('equals the reference for every length, in one part and in many', () => {
    golden.xxh64Low.forEach((expected, length) => {
      for (const part of [length, 1, 7, 32, 45]) {
        const hash = new Xxh64();
        for (let at = 0; at < length; at += part) hash.update(bytes.subarray(at, Math.min(length, at + part)));
        expect(hash.digestLow(), `${length} bytes by ${part}`).toBe(expected);
      }
    });
    expect(golden.xxh64Low).toHaveLength(300);
  });
});
