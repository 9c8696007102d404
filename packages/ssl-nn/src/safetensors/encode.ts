import { CheckpointError, type NdArray } from 'ssl-tensor/host';
import { elementBytes, elementTypeOf } from './element-type.js';
import { prefixBytes } from './header.js';

const asBytes = ({ data }: NdArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * A state dict as the parts of a safetensors file, in order; the tensors are views, not copies. Larger elements come
 * first, then by name, so that the same state gives the same bytes.
 *
 * @throws CheckpointError when a shape does not match its data, or a name is reserved
 */
export function safetensorsParts(
  state: ReadonlyMap<string, NdArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const bytesOf = (array: NdArray): number => elementBytes.get(elementTypeOf(array.data))!;
  const sorted = [...state].sort(([a, left], [b, right]) => bytesOf(right) - bytesOf(left) || (a < b ? -1 : 1));
  const fields: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, array] of sorted) {
    const size = array.shape.reduce((product, dimension) => product * dimension, 1);
    if (name === '__metadata__')
      throw new CheckpointError("a tensor must not be called '__metadata__'", { parameter: name });
    if (size !== array.data.length)
      throw new CheckpointError(
        `'${name}' has ${array.data.length} elements, its shape [${array.shape.join(', ')}] wants ${size}`,
        { parameter: name },
      );
    const end = offset + array.data.byteLength;
    fields.push([name, { dtype: elementTypeOf(array.data), shape: array.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  // JSON.stringify on a list of fields keeps their order, also for names that look like numbers.
  const json = new TextEncoder().encode(
    `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );
  const padded = Math.ceil(json.length / prefixBytes) * prefixBytes;
  const head = new Uint8Array(prefixBytes + padded).fill(0x20);
  new DataView(head.buffer).setUint32(0, padded, true);
  new DataView(head.buffer).setUint32(4, 0, true);
  head.set(json, prefixBytes);
  return [head, ...sorted.map(([, array]) => asBytes(array))];
}

/**
 * A state dict as the bytes of a safetensors file. Float32Array becomes F32, Int32Array I32, Uint8Array U8.
 *
 * @throws CheckpointError when a shape does not match its data
 * Source: format of https://github.com/huggingface/safetensors.
 */
export function encodeSafetensors(
  state: ReadonlyMap<string, NdArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = safetensorsParts(state, metadata);
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
