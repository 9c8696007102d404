import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/arrays.json' with { type: 'json' };
import { openNpy } from './open-npy.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));
const file = (name: string): string => join(arrays, `${name}.npy`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npy-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** An .npy file with a header of one's own. */
function npy(text: string, data: Uint8Array = new Uint8Array(0), version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('934e554d5059', 'hex'), Buffer.of(version, 0), length, Buffer.from(text), data]);
}

const header = (shape: string, descr = "'|u1'"): string =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

describe('openNpy', () => {
  it.each(Object.entries(golden.npy))('reads what NumPy wrote: %s', async (name, { shape, values }) => {
    const array = await openNpy(file(name));
    expect(array.shape).toEqual(shape);
    const real = /^(?:f|empty)/.test(name) && name !== 'fortran-2';
    const bytes = /^(?:[bu]1|version-2)/.test(name);
    expect(array.data).toBeInstanceOf(real ? Float32Array : bytes ? Uint8Array : Int32Array);
    expect([...array.data]).toEqual(values.map((value) => (real ? Math.fround(numberOf(value)) : numberOf(value))));
    expect(array.data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('covers every type in both byte orders, both memory orders and all versions', () => {
    expect(Object.keys(golden.npy)).toHaveLength(21 + 7);
  });

  it('reads half floats as NumPy does, subnormal ones included', async () => {
    const halves = Uint16Array.of(0x0001, 0x8001, 0x03ff, 0x0400, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000);
    const path = await stored('half.npy', npy(header('(10,)', "'<f2'"), new Uint8Array(halves.buffer)));
    const { data } = await openNpy(path);
    const expected = [
      2 ** -24,
      -(2 ** -24),
      1023 * 2 ** -24,
      2 ** -14,
      1365 * 2 ** -12,
      65504,
      Infinity,
      -Infinity,
      NaN,
      -0,
    ];
    expect([...data]).toEqual(expected);
  });

  it('reads elements that lie across the borders of chunks', async () => {
    const numbers = Float64Array.from({ length: 300_001 }, (_, i) => i / 8 - 7);
    const bytes = npy(header('(300001,)', "'<f8'"), new Uint8Array(numbers.buffer));
    for (const path of [
      await stored('large.npy', bytes),
      await stored('large.npy.gz', gzipSync(bytes, { level: 1 })),
    ]) {
      const { data } = await openNpy(path);
      expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(Float32Array.from(numbers).buffer))).toBe(0);
    }
  });

  it.each<[string, RegExp]>([
    ['object', /pickled Python objects, which are programs and never run here/],
    ['structured', /is a structured array/],
    ['text', /element type '<U2' is not supported; supported are b1, u1, i1/],
    ['complex', /element type '<c8' is not supported/],
    ['beyond-u4', /element 1 is 2147483648, beyond int32, the type that uint32 is read into/],
    ['beyond-i8', /element 1 is -2147483649, beyond int32/],
    ['beyond-f8', /element 1 is 1e\+39, beyond float32/],
  ])('refuses what does not fit: %s', async (name, message) => {
    await expect(openNpy(file(name))).rejects.toThrow(message);
  });

  it.each<[string, Uint8Array, RegExp, number | undefined]>([
    ['empty', new Uint8Array(), /header ends after 0 bytes/, 0],
    ['magic', Buffer.from('\x80\x04\x95pickle', 'latin1'), /not an \.npy file: it starts with 0x800495/, 0],
    ['version', npy(header('(1,)'), new Uint8Array(1), 4), /version 4\.0 .* is not known/, 6],
    ['header-cut', npy(header('(1,)')).subarray(0, 30), /header ends after 30 bytes/, 30],
    ['header-long', npy(header('(1,)').padEnd(20_000)), /header has 20000 bytes, the limit is 10000/, 8],
    ['header-claim', Buffer.from('934e554d50590200ffffffff7b', 'hex'), /header has 4294967295 bytes/, 8],
    ['code', npy("{'descr': exit(), 'fortran_order': False, 'shape': (1,)}"), /expected a literal/, 20],
    ['twice', npy("{'shape': (1,), 'shape': (2,)}"), /key 'shape' comes twice/, 33],
    ['missing', npy("{'descr': '|u1', 'shape': (1,)}"), /no dictionary of 'descr', 'fortran_order' and 'shape'/, 10],
    ['tail', npy(`${header('(1,)')} + 1`), /text after the literal/, undefined],
    ['negative', npy(header('(-1,)')), /'shape' is no tuple/, 52],
    ['real', npy(header('(1.5,)')), /expected a literal/, undefined],
    ['rank', npy(header(`(${'1,'.repeat(65)})`)), /'shape' is no tuple of at most 64/, 52],
    ['deep', npy('('.repeat(5000)), /nested deeper than 8/, undefined],
    [
      'flag',
      npy("{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}"),
      /'fortran_order' is neither True nor False/,
      28,
    ],
    ['huge', npy(header('(4000000000, 4000000000)')), /announces 16000000000000000000 bytes .* raise maxBytes/, 52],
    ['infinite', npy(header(`(${'9007199254740991, '.repeat(30)}0)`)), /announces NaN bytes/, 52],
    ['native', npy(header('(1,)', "'=i4'")), /element type '=i4' is not supported/, 12],
    [
      'claim',
      npy(header('(1000000000,)'), new Uint8Array(4)),
      /truncated: expected 10000000\d\d bytes .* found/,
      undefined,
    ],
    ['longer', npy(header('(1,)'), new Uint8Array(4)), /longer than its header says/, undefined],
  ])('refuses a bad file: %s', async (name, bytes, message, offset) => {
    const path = await stored(name, bytes);
    const error = await openNpy(path).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
    expect(error).toMatchObject(offset === undefined ? { path } : { path, offset });
  });

  it('reads headers as Python 2 and other writers leave them', async () => {
    const path = await stored('old', npy('{"shape":(2L,),"fortran_order":True,"descr":"|i1"}', Buffer.of(255, 1)));
    expect(await openNpy(path)).toEqual({ data: Int32Array.of(-1, 1), shape: [2] });
  });

  it('counts the memory as well as the file against maxBytes', async () => {
    const path = await stored('wide', npy(header('(100,)', "'|i1'"), new Uint8Array(100)));
    await expect(openNpy(path, { maxBytes: 399 })).rejects.toThrow(/announces 400 bytes of data/);
    expect((await openNpy(path, { maxBytes: 400 })).shape).toEqual([100]);
  });
});

function numberOf(value: number | string): number {
  return typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity'));
}
