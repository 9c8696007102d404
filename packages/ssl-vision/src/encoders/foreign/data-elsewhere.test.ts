import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { dataElsewhere } from './data-elsewhere.js';
import { OnnxEncoder } from './onnx-encoder.js';

/** A field of a protobuf message: of bytes, of text or a number below 128. */
function field(number: number, value: Uint8Array | string | number): Uint8Array {
  const tag = (type: number): number[] => {
    const whole = number * 8 + type;
    return whole < 128 ? [whole] : [(whole & 127) | 128, whole >> 7];
  };
  if (typeof value === 'number') return Uint8Array.from([...tag(0), value]);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Uint8Array.from([...tag(2), ...length, ...bytes]);
}
const message = (...fields: Uint8Array[]): Uint8Array => Uint8Array.from(fields.flatMap((one) => [...one]));

const entry = message(field(1, 'location'), field(2, '../secret.bin'));
const elsewhere = message(field(8, 'weight'), field(13, entry), field(14, 1));
const here = message(field(8, 'weight'), field(9, Uint8Array.from([0, 0, 128, 63])));
const constant = (tensor: Uint8Array): Uint8Array => message(field(4, 'Constant'), field(5, message(field(5, tensor))));
const branch = (graph: Uint8Array): Uint8Array => message(field(4, 'If'), field(5, message(field(6, graph))));

describe('dataElsewhere', () => {
  it.each([
    ['an initializer', message(field(7, message(field(5, elsewhere))))],
    ['a constant', message(field(7, message(field(1, constant(elsewhere)))))],
    ['a branch', message(field(7, message(field(1, branch(message(field(5, elsewhere)))))))],
    ['a function', message(field(25, message(field(7, constant(elsewhere)))))],
    ['a sparse tensor', message(field(7, message(field(15, message(field(1, elsewhere))))))],
    ['the end, after the mark of a group', message(Uint8Array.of(0x7b), field(7, message(field(5, elsewhere))))],
  ])('finds it in %s, and the encoder refuses the file', async (_, model) => {
    expect(dataElsewhere(model)).toBe("'weight'");
    await expect(OnnxEncoder.open(model)).rejects.toBeInstanceOf(DataError);
    await expect(OnnxEncoder.open(model)).rejects.toThrow("has the data of 'weight' in another file");
  });

  it('finds none in a model that has its data, and in what is no model', () => {
    expect(dataElsewhere(message(field(7, message(field(5, here), field(1, constant(here))))))).toBeUndefined();
    for (const bytes of [[], [255, 255, 255, 255, 255, 255], [58, 200], [7]])
      expect(dataElsewhere(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('gives up where graphs lie in graphs without end', () => {
    let graph = message(field(2, 'g'));
    for (let depth = 0; depth < 20; depth++) graph = message(field(1, branch(graph)));
    expect(dataElsewhere(message(field(7, graph)))).toBeUndefined();
  });
});
