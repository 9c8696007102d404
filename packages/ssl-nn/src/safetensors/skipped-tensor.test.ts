import { describe, expect, it } from 'vitest';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { decodeSafetensors, encodeSafetensors, Linear, withoutPrefix, withPrefix } from '../index.js';

/** A file with the given tensors, by name: type, shape, bytes. */
function file(
  tensors: Record<string, readonly [dtype: string, shape: readonly number[], bytes: Uint8Array]>,
): Uint8Array {
  let offset = 0;
  const fields = Object.entries(tensors).map(([name, [dtype, shape, { length }]]) => {
    const begin = offset;
    offset += length;
    return [name, { dtype, shape, data_offsets: [begin, offset] }] as const;
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const bytes = new Uint8Array(8 + json.length + offset);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  let at = 8 + json.length;
  for (const [, , part] of Object.values(tensors)) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const of = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const whole = ['F32', [2], of(Float32Array.of(1, 2))] as const;

describe('a tensor without a form here is left out and reported, the others load', () => {
  it.each([
    ['F8_E4M3', [3], 3],
    ['F8_E5M2', [2, 2], 4],
    ['F8_E8M0', [], 1],
    ['F8_E4M3FNUZ', [1], 1],
    ['F4', [4], 2],
    ['F6_E2M3', [4], 3],
    ['C64', [2], 16],
    ['Q4_K', [256], 144],
  ])('%s', (dtype, shape, length) => {
    const { tensors, skipped } = decodeSafetensors(
      file({ a: whole, odd: [dtype, shape, new Uint8Array(length)], z: whole }),
    );
    expect([...tensors.keys()]).toEqual(['a', 'z']);
    expect([...tensors.get('z')!.data]).toEqual([1, 2]);
    expect(skipped).toEqual([{ name: 'odd', dtype, shape, reason: `is of type ${dtype}, which cannot be read here` }]);
  });

  it.each([
    ['I64', of(BigInt64Array.of(0n, 2n ** 31n)), 'holds at index 1 a value of I64 that does not fit into int32'],
    [
      'I64',
      of(BigInt64Array.of(-(2n ** 31n) - 1n, 0n)),
      'holds at index 0 a value of I64 that does not fit into int32',
    ],
    ['U64', of(BigUint64Array.of(1n, 2n ** 64n - 1n)), 'holds at index 1 a value of U64 that does not fit into int32'],
    ['U32', of(Uint32Array.of(2 ** 31, 0)), 'holds at index 0 a value of U32 that does not fit into int32'],
    ['F64', of(Float64Array.of(1, -1e39)), 'holds at index 1 the value -1e+39, beyond float32'],
  ])('values of %s out of range', (dtype, bytes, reason) => {
    const { tensors, skipped } = decodeSafetensors(file({ a: whole, odd: [dtype, [2], bytes] }));
    expect([[...tensors.keys()], skipped]).toEqual([['a'], [{ name: 'odd', dtype, shape: [2], reason }]]);
  });
});

it.each([
  ['F64', of(Float64Array.of(0.1, -Infinity)), Float32Array.of(0.1, -Infinity)],
  ['I8', of(Int8Array.of(-128, 127)), Int32Array.of(-128, 127)],
  ['I16', of(Int16Array.of(-32768, 5)), Int32Array.of(-32768, 5)],
  ['U16', of(Uint16Array.of(65535, 5)), Int32Array.of(65535, 5)],
  ['U32', of(Uint32Array.of(2 ** 31 - 1, 5)), Int32Array.of(2 ** 31 - 1, 5)],
  ['I64', of(BigInt64Array.of(-(2n ** 31n), 5n)), Int32Array.of(-(2 ** 31), 5)],
  ['U64', of(BigUint64Array.of(2n ** 31n - 1n, 5n)), Int32Array.of(2 ** 31 - 1, 5)],
])('%s becomes what holds it', (dtype, bytes, expected) => {
  const { tensors, skipped } = decodeSafetensors(file({ a: [dtype, [2], bytes] }));
  expect(tensors.get('a')!.data).toEqual(expected);
  expect(skipped).toEqual([]);
});

it('names of strangers do nothing to a terminal', () => {
  const name = 'net\u001b[2J\u009b1m\u202e';
  const shown = 'net\\x1b[2J\\x9b1m\\u{202e}';
  const linear = new Linear(2, 1, { key: randomKey(0) });
  const bytes = file({ [name]: whole });
  const { tensors } = decodeSafetensors(bytes);
  expect(() => linear.loadStateDict(tensors)).toThrow(`unexpected '${shown}'`);
  expect(() => decodeSafetensors(file({ [name]: ['F32', [3], whole[2]] }))).toThrow(`tensor "${shown}" has shape [3]`);
  const own = encodeSafetensors(tensors);
  own[own.length - 1]! ^= 1;
  expect(() => decodeSafetensors(own)).toThrow(`tensor '${shown}' does not match its checksum`);
  linear.dispose();
});

it('a strict load names the tensor with the reason, also under another prefix', () => {
  const linear = new Linear(2, 1, { key: randomKey(0) });
  const before = [...linear.weight.read().data];
  const { tensors } = decodeSafetensors(
    file({ 'net.weight': ['F8_E4M3', [1, 2], new Uint8Array(2)], 'net.bias': ['F32', [1], of(Float32Array.of(5))] }),
  );
  const message = "missing 'weight' (in the file it is of type F8_E4M3, which cannot be read here)";
  expect(() => linear.loadStateDict(withoutPrefix(tensors, 'net.'))).toThrow(message);
  expect(() => linear.loadStateDict(withoutPrefix(withPrefix(tensors, 'a.'), 'a.net.'))).toThrow(message);
  expect(linear.loadStateDict(withoutPrefix(tensors, 'net.'), { strict: false }).missing).toEqual(['weight']);
  expect([...linear.weight.read().data]).toEqual(before);
  expect([...linear.bias!.read().data]).toEqual([5]);
  linear.dispose();
});
