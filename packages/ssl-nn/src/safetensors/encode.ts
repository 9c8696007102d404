import { CheckpointError, type NdArray } from '@selfsup/ssl-tensor/host';
import { checkStateDict } from '../module/check-state-dict.js';
import { announcement, blank, checksumName, checksumOf, sealHead } from './checksum.js';
import { bitsOf, elementTypeOf } from './element-type.js';
import { headerLimits, prefixBytes } from './header.js';

const asBytes = ({ data }: NdArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * Metadata with the checksums of the tensors, and room for that of the head. Hugging Face's loaders want a `format`
 * where there is metadata at all; one that is added here stands before the checksums, and readers of ours leave it out.
 */
function fileMetadata(metadata: Readonly<Record<string, string>>, sums: readonly string[]): [string, string][] {
  const given = Object.entries(metadata).filter(([name]) => name !== announcement[0] && name !== checksumName);
  return [
    ...(Object.hasOwn(metadata, 'format') ? [] : [['format', 'pt'] as [string, string]]),
    [...announcement],
    [checksumName, [blank, ...sums].join(' ')],
    ...given,
  ];
}

/** JSON of an object; unlike JSON.stringify it keeps the order also of names that look like numbers. */
const objectJson = (fields: readonly (readonly [string, unknown])[]): string =>
  `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'string' ? value : JSON.stringify(value)}`).join(',')}}`;

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
  checkStateDict('encodeSafetensors', state);
  const bitsIn = (array: NdArray): number => bitsOf(elementTypeOf(array.data))!;
  const sorted = [...state].sort(([a, left], [b, right]) => bitsIn(right) - bitsIn(left) || (a < b ? -1 : 1));
  const fields: [string, unknown][] = [];
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
  const parts = sorted.map(([, array]) => asBytes(array));
  const strings = fileMetadata(
    metadata,
    parts.map((part) => checksumOf(part)),
  ).map(([name, text]) => [name, JSON.stringify(text)] as const);
  const json = new TextEncoder().encode(objectJson([['__metadata__', objectJson(strings)], ...fields]));
  const padded = Math.ceil(json.length / prefixBytes) * prefixBytes;
  if (padded > headerLimits.format)
    throw new CheckpointError(
      `needs a header of ${padded} bytes, the format allows ${headerLimits.format}. Write fewer tensors to a file`,
    );
  const head = new Uint8Array(prefixBytes + padded).fill(0x20);
  new DataView(head.buffer).setUint32(0, padded, true);
  new DataView(head.buffer).setUint32(4, 0, true);
  head.set(json, prefixBytes);
  sealHead(head);
  return [head, ...parts];
}

/**
 * A state dict as the bytes of a safetensors file. Float32Array becomes F32, Int32Array I32, Uint8Array U8. The metadata
 * also gets checksums, which the readers here check and other tools pass over.
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
