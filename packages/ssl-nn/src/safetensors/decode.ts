import { checkOptions } from '@selfsup/ssl-tensor/host';
import { headerLength, prefixBytes } from './header.js';
import { readHead, safetensorsOptionNames, type SafetensorsOptions } from './safetensors-head.js';
import { type Safetensors, TensorCollector } from './tensor-collector.js';

/**
 * The tensors in the bytes of a safetensors file, as copies.
 *
 * @throws CheckpointError when the bytes are not a valid file, or do not match the checksums in it
 * Source: format of https://github.com/huggingface/safetensors.
 */
export function decodeSafetensors(bytes: Uint8Array, options: SafetensorsOptions = {}): Safetensors {
  const { maxHeaderBytes, checksum } = checkOptions('decodeSafetensors', options, safetensorsOptionNames);
  const start = prefixBytes + headerLength(bytes.subarray(0, prefixBytes), bytes.length, maxHeaderBytes);
  const head = readHead(bytes.subarray(0, start), bytes.length - start, checksum);
  const collector = new TensorCollector(head);
  head.entries.forEach(({ begin, end }, index) => collector.add(index, bytes.subarray(start + begin, start + end)));
  return collector.finish();
}
