import type { NdArray } from '@selfsup/ssl-tensor/host';
import { safetensorsParts } from './encode.js';
import { writeFileAtomically } from './write-file-atomically.js';

/**
 * Writes a state dict as a safetensors file. Whoever reads the path sees the old file or the whole new one.
 *
 * @param state its arrays must stay as they are until the promise resolves
 * @param metadata strings to keep with the tensors, such as the configuration as JSON
 * @throws CheckpointError when the file cannot be written, or a shape does not match its data
 *
 * @example
 * // Training on a device with memory of its own: await fetched() of @selfsup/ssl-tensor before stateDict().
 * await saveSafetensors('backbone.safetensors', backbone.stateDict(), { format: 'pt' });
 */
export async function saveSafetensors(
  path: string,
  state: ReadonlyMap<string, NdArray>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomically(path, safetensorsParts(state, metadata));
}
