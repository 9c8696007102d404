import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { checkZstd } from './check-zstd.js';

const magic = [0x28, 0xb5, 0x2f, 0xfd];
/** A frame of one segment with a size in one byte. */
const frame = (...blocks: number[]): Buffer => Buffer.from([...magic, 0x20, 50, ...blocks]);

it('passes blocks that keep to their size: raw, run, compressed, after a frame to skip', () => {
  const raw = frame((3 << 3) | 1, 0, 0, 1, 2, 3);
  expect(() => checkZstd(raw, 3)).not.toThrow();
  expect(() => checkZstd(raw, 2)).toThrow(/more than the 2 bytes/);
  const run = frame(((50 << 3) & 255) | 3, (50 << 3) >> 8, 0, 7);
  expect(() => checkZstd(run, 50)).not.toThrow();
  expect(() => checkZstd(run, 49)).toThrow(DataError);
  // Two raw literals and nine matches: 29 bytes at least.
  const block = frame((4 << 3) | 5, 0, 0, 2 << 3, 8, 9, 9);
  expect(() => checkZstd(block, 29)).not.toThrow();
  expect(() => checkZstd(block, 28)).toThrow(DataError);
  const skipped = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), raw]);
  expect(() => checkZstd(skipped, 3)).not.toThrow();
});

it('refuses a block of a hundred thousand matches, the unknown type, and what is cut', () => {
  const many = frame((5 << 3) | 5, 0, 0, 0, 255, 255, 255, 0);
  expect(() => checkZstd(many, 2 ** 30)).toThrow(DataError);
  expect(() => checkZstd(frame(7, 0, 0), 100)).toThrow(DataError);
  expect(() => checkZstd(frame((3 << 3) | 0, 0, 0, 1, 2, 3), 100)).toThrow(/ends too early/);
  expect(() => checkZstd(Buffer.from('no frame'), 100)).toThrow(/no zstd frame/);
});

it('passes pages of Arrow', () => {
  const path = join(import.meta.dirname, '../../../../test/golden/data/parquet/pages-v2.parquet');
  const bytes = readFileSync(path);
  const at = bytes.indexOf(Buffer.from(magic));
  expect(at).toBeGreaterThan(0);
  // What follows the frame is none.
  expect(() => checkZstd(bytes.subarray(at), 2000)).toThrow(/no zstd frame|ends too early/);
});
