import type { StateDict } from '../module/state-dict.js';
import { decodeElements } from './element-type.js';
import { headerLength, parseHeader, prefixBytes } from './header.js';

/** Contents of a safetensors file. */
export interface Safetensors {
  /** In the order of the file's data. F16 and BF16 become Float32Array, I64 Int32Array, BOOL Uint8Array. */
  readonly tensors: StateDict;
  readonly metadata: Record<string, string>;
}

/**
 * The tensors in the bytes of a safetensors file, as copies.
 *
 * @throws CheckpointError when the bytes are not a valid file, or hold an element type that cannot be read
 * Source: format of https://github.com/huggingface/safetensors.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const start = prefixBytes + headerLength(bytes.subarray(0, prefixBytes), bytes.length);
  const { entries, metadata } = parseHeader(bytes.subarray(prefixBytes, start), bytes.length - start);
  const tensors: StateDict = new Map();
  for (const { name, type, shape, begin, end } of entries)
    tensors.set(name, { data: decodeElements(type, bytes.subarray(start + begin, start + end), name), shape });
  return { tensors, metadata };
}
