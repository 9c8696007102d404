import { CheckpointError } from 'ssl-tensor/host';

let writes = 0;

/**
 * Writes a file so that its path never holds half of it: a temporary file beside it, flushed to the disk, then renamed.
 *
 * @param parts the contents, in order
 * @throws CheckpointError when the directory is missing or not writable, or the disk is full; the old file then remains
 */
export async function writeFileAtomically(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const [{ open, rename, rm }, paths] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const temporary = `${path}.${process.pid}.${writes++}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) {
        for (let written = 0; written < part.length;) {
          written += (await file.write(part, written, Math.min(part.length - written, 2 ** 30))).bytesWritten;
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new CheckpointError(
      `cannot be written (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}). Check that the directory exists, is writable and has room`,
      { path, cause },
    );
  }
  // The rename itself lasts only once the directory is flushed; not every file system lets one open it.
  const directory = await open(paths.dirname(path), 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}
