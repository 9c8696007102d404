import type { NdArray } from '@selfsup/ssl-tensor/host';
import { safetensorsParts } from './encode.js';
import { asCheckpointError } from './as-checkpoint-error.js';

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
  // Only here, since the main entry runs where there are no files.
  const { writeWhole } = await import('@selfsup/ssl-core/files');
  try {
    await writeWhole(path, safetensorsParts(state, metadata));
  } catch (cause) {
    throw asCheckpointError(cause);
  }
}
