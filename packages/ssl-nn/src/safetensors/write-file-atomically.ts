import { asCheckpointError } from './as-checkpoint-error.js';

/**
 * Writes a file so that its path never holds half of it: a temporary file beside it, flushed to the disk, then renamed.
 *
 * @param parts the contents, in order
 * @throws CheckpointError when the directory is missing or not writable, or the disk is full; the old file then remains
 */
export async function writeFileAtomically(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const { writeWhole } = await import('@selfsup/ssl-core/files');
  try {
    await writeWhole(path, parts);
  } catch (cause) {
    throw asCheckpointError(cause);
  }
}
