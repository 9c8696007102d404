import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';

/** Headers of models with thousands of tensors take some hundred kilobytes. */
const maxHeaderBytes = 2 ** 24;

/**
 * The list of classes in the metadata of a safetensors file, the entry `classes`: a JSON array. Reads the header alone.
 *
 * @returns what the entry holds
 * @throws DataError for a file that is missing or no such file, and for one without the entry
 * Source: https://github.com/huggingface/safetensors, 'Format'.
 */
export async function classesInWeights(path: string): Promise<unknown> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const length = Number((await bytesAt(0, 8)).readBigUInt64LE());
    if (length > Math.min(maxHeaderBytes, size - 8))
      throw new DataError(`has no header of safetensors: it claims ${length} bytes`, { path, offset: 0 });
    const header = JSON.parse((await bytesAt(8, length)).toString('utf8')) as Readonly<Record<string, unknown>> | null;
    const metadata = header?.['__metadata__'];
    const { classes } = (metadata ?? {}) as { readonly classes?: unknown };
    if (typeof classes !== 'string')
      throw new DataError(
        "has no 'classes' in its metadata; save the weights with { classes: JSON.stringify(names) }",
        {
          path,
        },
      );
    return JSON.parse(classes) as unknown;
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(`has no classes that can be read: ${(cause as Error).message}`, { path, cause });
  } finally {
    await file.close();
  }

  async function bytesAt(offset: number, count: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, offset);
    if (bytesRead < count) throw new DataError('is too short for a safetensors file', { path });
    return buffer;
  }
}
