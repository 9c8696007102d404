import type { WritableSample } from '@selfsup/ssl-data';

/** Samples of written.tar: a name of each kind that a header can hold, and sizes around a block. */
export const writtenSamples: readonly WritableSample[] = [
  { key: '000000', members: { bin: new Uint8Array(0), cls: '3' } },
  { key: 'train/cat.d/000001', members: { 'left.bin': Uint8Array.of(1, 2, 3), cls: '0', json: '{"label": 7}' } },
  { key: `${'deep/'.repeat(25)}prefix-${'x'.repeat(20)}`, members: { bin: new Uint8Array(512).fill(65), cls: '12' } },
  { key: `flat-${'y'.repeat(150)}`, members: { bin: new Uint8Array(513).fill(66), cls: '-1' } },
  { key: 'größe/日本', members: { bin: new Uint8Array(511).fill(67), txt: 'naïve\n' } },
];
