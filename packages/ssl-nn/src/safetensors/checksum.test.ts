import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, type NdArray } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { crc32, portableCrc32 } from './crc32.js';
import { decodeSafetensors, encodeSafetensors, loadSafetensors, saveSafetensors, verifySafetensors } from '../index.js';

const directory = mkdtempSync(join(tmpdir(), 'checksum-'));
afterAll(() => rmSync(directory, { recursive: true }));

const state = new Map<string, NdArray>([
  ['weight', { data: Float32Array.of(0.1, -2, 3e-9), shape: [3] }],
  ['count', { data: Int32Array.of(7), shape: [] }],
  ['empty', { data: new Float32Array(), shape: [0, 4] }],
  ['mask', { data: Uint8Array.of(1, 0, 1), shape: [3] }],
]);
const metadata = { note: 'about "this"', 'ssl.crc32 ': 'not it' };

const outcome = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes);
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    return 'refused';
  }
  return 'accepted';
};

it('crc32 is the one of zlib, whole and in pieces, on every host', () => {
  const bytes = new TextEncoder().encode('123456789');
  for (const crc of [crc32, portableCrc32]) {
    expect(crc(bytes)).toBe(0xcbf43926);
    expect(crc(bytes.subarray(4), crc(bytes.subarray(0, 4)))).toBe(0xcbf43926);
    expect(crc(new Uint8Array())).toBe(0);
  }
});

describe('a file of ours', () => {
  const bytes = encodeSafetensors(state, metadata);

  it('comes back checked, with the metadata that it was given', () =>
    expect(decodeSafetensors(bytes)).toEqual({
      tensors: state,
      metadata,
      skipped: [],
      checked: true,
    }));

  it('is refused with any one bit flipped', () => {
    const accepted: string[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      if (outcome(damaged) === 'accepted') accepted.push(`bit ${bit & 7} of byte ${bit >> 3}`);
    }
    expect(accepted).toEqual([]);
  });

  it('names the tensor that is damaged, and loads by the advice of the message', async () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 1]! ^= 4;
    const path = join(directory, 'damaged.safetensors');
    writeFileSync(path, damaged);
    const error: unknown = await loadSafetensors(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ path, parameter: 'mask' });
    await expect(verifySafetensors(path)).rejects.toThrow((error as Error).message);
    expect((error as Error).message).toContain("tensor 'mask' does not match its checksum");
    expect((error as Error).message).toContain("pass { checksum: 'ignore' }");
    const { tensors, checked, metadata: kept } = await loadSafetensors(path, { checksum: 'ignore' });
    expect([...tensors.get('mask')!.data]).toEqual([1, 0, 5]);
    expect(checked).toBe(false);
    expect(kept).toEqual({ format: 'pt', ...metadata });
  });

  it('does not keep the checksums of metadata that it is given', async () => {
    const path = join(directory, 'again.safetensors');
    await saveSafetensors(path, state, { 'ssl.checksum': 'old', 'ssl.crc32': '12345678', note: 'x' });
    expect(await loadSafetensors(path)).toMatchObject({ metadata: { note: 'x' }, checked: true });
    expect(await verifySafetensors(path)).toBe(true);
  });

  it('keeps a format of its own', () =>
    expect(decodeSafetensors(encodeSafetensors(state, { format: 'np' })).metadata).toEqual({ format: 'np' }));
});

it('a file of another tool has nothing to check', () => {
  const json = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
  const bytes = new Uint8Array([json.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(json), 9]);
  expect(decodeSafetensors(bytes)).toMatchObject({ checked: false, metadata: {} });
});

it('checksums of a file that announces them and has none, or too few, do not hold', () => {
  const withMetadata = (text: string): Uint8Array => {
    const json = `{"__metadata__":${text},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`;
    return new Uint8Array([json.length, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(json), 9]);
  };
  for (const text of ['{"ssl.checksum":"crc32"}', '{"ssl.crc32":"00000000"}', '{"ssl.crc32":"x"}'])
    expect(() => decodeSafetensors(withMetadata(text))).toThrow('the header does not match its checksum');
});
