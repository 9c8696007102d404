import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { CheckpointError, InvalidOptionError, type NdArray, randomKey } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenUrl } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  Linear,
  loadSafetensors,
  saveSafetensors,
  withPrefix,
} from '../index.js';

const directory = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

const golden = JSON.parse(readFileSync(goldenUrl('element-types.json'), 'utf8')) as {
  metadata: Record<string, string>;
  tensors: Record<string, { shape: number[]; data: string[] }>;
};
const goldenPath = fileURLToPath(goldenUrl('element-types.safetensors'));
const goldenBytes = new Uint8Array(readFileSync(goldenPath));

/** A file with any header, for headers that no writer makes. */
function file(header: unknown, data: Uint8Array = new Uint8Array(), length?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const messageOf = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes);
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    return error.message;
  }
  return 'accepted';
};

describe('files that Python made', () => {
  const number = (text: string): number => ({ inf: Infinity, '-inf': -Infinity, nan: NaN })[text] ?? Number(text);

  it.each(Object.keys(golden.tensors))('element type %s', async (name) => {
    const { shape, data } = golden.tensors[name]!;
    for (const { tensors } of [await loadSafetensors(goldenPath), decodeSafetensors(goldenBytes)]) {
      const kind = name === 'u8' || name === 'bool' ? Uint8Array : name.startsWith('i') ? Int32Array : Float32Array;
      expect(tensors.get(name)!.data).toBeInstanceOf(kind);
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect([...tensors.get(name)!.data]).toEqual(
        [...Float32Array.from(data, number)].map((value, i) => (kind === Float32Array ? value : number(data[i]!))),
      );
    }
  });

  it('are the same from a Buffer, as reading a file gives it', () => {
    const expected = decodeSafetensors(goldenBytes).tensors;
    // Small files come in memory that Buffers share.
    const shared = Buffer.concat([Buffer.from('other'), goldenBytes]).subarray(5);
    const { tensors } = decodeSafetensors(shared);
    expect([...tensors]).toEqual([...expected]);
    shared.fill(7);
    expect([...tensors]).toEqual([...expected]);
  });

  it('may have null for no metadata', () =>
    expect(decodeSafetensors(file('{"__metadata__":null}')).metadata).toEqual({}));

  it('metadata', async () => expect((await loadSafetensors(goldenPath)).metadata).toEqual(golden.metadata));
});

it.each([new Float64Array(2), new Int16Array(2), new BigInt64Array(2), [1, 2]])('does not write %o', (data) =>
  expect(() => encodeSafetensors(new Map([['x', { data: data as never, shape: [2] }]]))).toThrow(CheckpointError),
);

it('names a pointer of Git LFS', () =>
  expect(
    messageOf(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 440449768\n')),
  ).toMatch(/is a pointer of Git LFS .* git lfs pull/));

it('takes a Map alone, and says where one is', async () => {
  const file = await loadSafetensors(goldenPath);
  for (const state of [file, Object.fromEntries(file.tensors), null, undefined]) {
    expect(() => encodeSafetensors(state as never)).toThrow('a Map of names to arrays, such as `tensors`');
    expect(() => new Linear(1, 1, { key: randomKey(0) }).loadStateDict(state as never)).toThrow(InvalidOptionError);
    expect(() => withPrefix(state as never, 'x.')).toThrow(InvalidOptionError);
  }
  expect(encodeSafetensors(file.tensors).length).toBeGreaterThan(8);
  expect(encodeSafetensors(new Map(Object.entries(Object.fromEntries(file.tensors)))).length).toBeGreaterThan(8);
});

describe('round trips', () => {
  const names = fc.string({ maxLength: 12 }).filter((name) => name !== '__metadata__');
  const arrays: fc.Arbitrary<NdArray> = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).chain((shape) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const length = { minLength: size, maxLength: size };
    return fc
      .oneof(fc.float32Array(length), fc.int32Array(length), fc.uint8Array(length))
      .map((data) => ({ data: data as Float32Array, shape }));
  });

  it('any state and metadata come back, with the same bytes each time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, arrays)), fc.dictionary(names, fc.string()), (entries, metadata) => {
        const state = new Map(entries);
        const bytes = encodeSafetensors(state, metadata);
        const back = decodeSafetensors(bytes);
        expect(back.tensors).toEqual(state);
        expect(new Map(Object.entries(back.metadata))).toEqual(new Map(Object.entries(metadata)));
        expect(encodeSafetensors(new Map([...state].reverse()), metadata)).toEqual(bytes);
        expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  it('through a file, replacing the old one and leaving nothing beside it', async () => {
    const state = new Map([['w', { data: Float32Array.of(1, 2), shape: [2] }]]);
    await saveSafetensors(at('a.safetensors'), new Map());
    await saveSafetensors(at('a.safetensors'), state, { note: 'x' });
    expect(await loadSafetensors(at('a.safetensors'))).toEqual({
      tensors: state,
      metadata: { note: 'x' },
      skipped: [],
      checked: true,
    });
    expect(readdirSync(directory)).toEqual(['a.safetensors']);
  });

  it('whatever an earlier process with the same id left beside it', async () => {
    const left = Array.from({ length: 200 }, (_, number) => at(`b.safetensors.${process.pid}.${number}.tmp`));
    for (const path of left) writeFileSync(path, 'half');
    await saveSafetensors(at('b.safetensors'), new Map());
    expect((await loadSafetensors(at('b.safetensors'))).tensors.size).toBe(0);
    for (const path of [...left, at('b.safetensors')]) rmSync(path);
  });

  it('a failed write keeps the old file', async () => {
    await saveSafetensors(at('a.safetensors'), new Map());
    const before = readFileSync(at('a.safetensors'));
    await expect(
      saveSafetensors(at('a.safetensors'), new Map([['w', { data: new Float32Array(2), shape: [3] }]])),
    ).rejects.toThrow("'w' has 2 elements, its shape [3] wants 3");
    expect(readFileSync(at('a.safetensors'))).toEqual(before);
    await expect(saveSafetensors(at('missing/a.safetensors'), new Map())).rejects.toThrow(
      /cannot be written: no such file or folder \(ENOENT\)/,
    );
  });
});

describe('files that cannot be read', () => {
  const f32 = (begin: number, end: number, shape: unknown = [1]): unknown => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });

  const u8 = (begin: number, end: number): string =>
    `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

  it.each([
    ['nothing', new Uint8Array(), /too short/],
    ['seven bytes', new Uint8Array(7), /too short/],
    ['a header beyond the file', file('{}', undefined, 100), /ends inside its header/],
    ['a header beyond the limit', file('{}', undefined, 100_000_001), /the format allows 100000000/],
    ['an absurd header length', new Uint8Array(8).fill(255), /the format allows/],
    ['no JSON', file('{"a":'), /not JSON/],
    [
      'bytes that are not UTF-8',
      (() => {
        const bytes = file('{"a":1}');
        bytes[10] = 0xff;
        return bytes;
      })(),
      /not JSON/,
    ],
    ['an array', file([]), /not a JSON object/],
    ['a number', file('7'), /not a JSON object/],
    ['no description', file({ a: null }), /"a" has no description/],
    ['no type', file({ a: { shape: [], data_offsets: [0, 0] } }), /no valid dtype/],
    ['a type that is no name', file({ a: { dtype: 'F 32', shape: [], data_offsets: [0, 4] } }), /no valid dtype/],
    ['a negative size', file({ a: f32(0, 4, [-1]) }, new Uint8Array(4)), /no valid shape/],
    ['a fractional size', file({ a: f32(0, 4, [0.5]) }, new Uint8Array(4)), /no valid shape/],
    ['a size that overflows', file({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, new Uint8Array(4)), /too large/],
    ['a size that overflows before a zero', file({ a: f32(0, 0, [2 ** 40, 2 ** 40, 0]) }), /too large/],
    ['offsets that run back', file({ a: f32(4, 0) }, new Uint8Array(4)), /data_offsets span -4/],
    ['offsets of the wrong size', file({ a: f32(0, 8) }, new Uint8Array(8)), /4 bytes, but its data_offsets span 8/],
    ['missing offsets', file({ a: { dtype: 'F32', shape: [1] } }, new Uint8Array(4)), /no valid data_offsets/],
    ['overlapping tensors', file({ a: f32(0, 4), b: f32(0, 4) }, new Uint8Array(4)), /overlap or leave gaps/],
    ['a gap', file({ a: f32(4, 8) }, new Uint8Array(8)), /starts at byte 4 of the data, expected 0/],
    ['missing data', file({ a: f32(0, 4) }, new Uint8Array(3)), /3 bytes of data, its header describes 4/],
    ['surplus data', file({ a: f32(0, 4) }, new Uint8Array(5)), /5 bytes of data, its header describes 4/],
    ['metadata that is no record of strings', file({ __metadata__: { a: 1 } }), /not a record of strings/],
    ['a leading space', file(' {}'), /begins with \{/],
    ['a leading newline', file('\n{}'), /begins with \{/],
    ['a byte order mark', file('\ufeff{}'), /begins with \{/],
    ['an empty header', file(''), /begins with \{/],
    ['something after the object', file('{} {}'), /not JSON/],
    ['a name twice, of one span', file(`{"a":${u8(0, 1)},"a":${u8(0, 1)}}`, Uint8Array.of(7)), /"a" comes twice/],
    ['a name twice, one escaped', file(`{"a":${u8(0, 1)},"\\u0061":${u8(0, 1)}}`, Uint8Array.of(7)), /"a" comes twice/],
    ['an empty tensor twice', file(`{"a":${u8(0, 0)},"a":${u8(0, 0)}}`), /"a" comes twice/],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /"dtype" comes twice/,
    ],
    ['a name with half a surrogate pair', file('{"\\ud800":{}}'), /half a surrogate pair/],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" comes twice/],
    ['a name twice in metadata', file('{"__metadata__":{"x":"1","x":"1"}}'), /"x" comes twice/],
    [
      'a size with a fraction of zero',
      file('{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}'),
      /no valid shape/,
    ],
    ['an offset with an exponent', file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1e0]}}'), /no valid data_off/],
    ['a negative zero', file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[-0,0]}}'), /no valid data_offsets/],
    ['a leading zero', file('{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}'), /not JSON/],
    [
      'an offset beyond 2^53',
      file('{"a":{"dtype":"U8","shape":[],"data_offsets":[9007199254740993,9007199254740994]}}'),
      /no valid data_offsets/,
    ],
    ['three offsets', file({ a: { dtype: 'U8', shape: [], data_offsets: [0, 1, 1] } }), /no valid data_offsets/],
    ['65 axes', file({ a: { dtype: 'U8', shape: Array(65).fill(1), data_offsets: [0, 1] } }), /no valid shape/],
    [
      'half a byte',
      file({ a: { dtype: 'F4', shape: [3], data_offsets: [0, 1] } }),
      /1.5 bytes, but its data_offsets span 1/,
    ],
    ['deep nesting', file(`{"a":{"x":${'['.repeat(1e5)}`), /nested too deeply/],
    ['a control character in a name', file('{"a\n":{}}'), /not JSON/],
  ])('%s', (_name, bytes, message) => expect(messageOf(bytes)).toMatch(message));

  it('a name that means something to JavaScript is only a name', () => {
    const { tensors, metadata } = decodeSafetensors(
      file(
        '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}',
        Uint8Array.of(7),
      ),
    );
    expect([...tensors]).toEqual([['__proto__', { data: Uint8Array.of(7), shape: [1] }]]);
    expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
    expect(({} as { dtype?: string }).dtype).toBeUndefined();
  });

  it('a name keeps the byte order mark that it begins with', () =>
    expect([...decodeSafetensors(file(`{"\ufeffa":${u8(0, 1)}}`, Uint8Array.of(7))).tensors.keys()]).toEqual([
      '\ufeffa',
    ]));

  it('a long header, unless it is asked for', async () => {
    const long = file(`{"__metadata__":{"x":"${'y'.repeat(2 ** 24)}"}}`);
    expect(messageOf(long)).toMatch(/more than maxHeaderBytes \(16777216\). Raise maxHeaderBytes/);
    expect(decodeSafetensors(long, { maxHeaderBytes: 2 ** 25 }).metadata['x']).toHaveLength(2 ** 24);
    writeFileSync(at('long'), long);
    await expect(loadSafetensors(at('long'))).rejects.toThrow('Raise maxHeaderBytes');
    expect((await loadSafetensors(at('long'), { maxHeaderBytes: 2 ** 25 })).tensors.size).toBe(0);
  });

  it('every truncation of a valid file is refused', () => {
    for (let length = 0; length < goldenBytes.length; length++)
      expect(messageOf(goldenBytes.subarray(0, length))).not.toBe('accepted');
  });

  it('changed bytes give tensors or a CheckpointError, nothing else', () => {
    const headerBytes = 8 + new DataView(goldenBytes.buffer).getUint32(0, true);
    const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: headerBytes - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, (edits) => {
        const bytes = goldenBytes.slice();
        for (const [index, value] of edits) bytes[index] = value;
        messageOf(bytes);
      }),
      { seed: 13, numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void messageOf(bytes)),
      { seed: 14, numRuns: 500 },
    );
  });

  it('errors carry the path', async () => {
    await expect(loadSafetensors(at('none'))).rejects.toThrow(`${at('none')}: no such file (ENOENT); check the path`);
    await expect(loadSafetensors(directory)).rejects.toThrow(/is a folder, not a file/);
    writeFileSync(at('cut'), goldenBytes.subarray(0, 200));
    await expect(loadSafetensors(at('cut'))).rejects.toThrow(`${at('cut')}: ends inside its header`);
    symlinkSync(goldenPath, at('link'));
    await expect(loadSafetensors(at('link'), { maxBytes: 100 })).rejects.toThrow(
      `is ${goldenBytes.length} bytes, more than maxBytes (100)`,
    );
    expect((await loadSafetensors(at('link'))).tensors.size).toBe(9);
  });
});
