import { CheckpointError, SslError } from 'ssl-tensor/host';
import { headerLength, prefixBytes } from './header.js';
import { readHead, type SafetensorsOptions } from './safetensors-head.js';
import { type Safetensors, TensorCollector } from './tensor-collector.js';

/** Options of {@link loadSafetensors}. */
export interface LoadSafetensorsOptions extends SafetensorsOptions {
  /** Refuse larger files. Default 8 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a safetensors file, tensor by tensor.
 *
 * @throws CheckpointError when the file is missing, too large, not valid, or does not match the checksums in it
 */
export async function loadSafetensors(
  path: string,
  { maxBytes = 8 * 2 ** 30, maxHeaderBytes, checksum }: LoadSafetensorsOptions = {},
): Promise<Safetensors> {
  const { open } = await import('node:fs/promises');
  let file;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new CheckpointError(
      `cannot be opened (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}). Check the path`,
      { path, cause },
    );
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new CheckpointError('is not a file');
    if (status.size > maxBytes)
      throw new CheckpointError(
        `is ${status.size} bytes, more than maxBytes (${maxBytes}). Raise maxBytes if you trust it`,
      );
    const read = async (position: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await file.read(bytes, filled, Math.min(length - filled, 2 ** 30), position + filled);
        if (bytesRead === 0) throw new CheckpointError('became shorter while it was read');
        filled += bytesRead;
      }
      return bytes;
    };
    const prefix = await read(0, Math.min(prefixBytes, status.size));
    const start = prefixBytes + headerLength(prefix, status.size, maxHeaderBytes);
    const head = readHead(await read(0, start), status.size - start, checksum);
    const collector = new TensorCollector(head);
    for (const [index, { begin, end }] of head.entries.entries())
      collector.add(index, collector.wants(index) ? await read(start + begin, end - begin) : new Uint8Array());
    return collector.finish();
  } catch (cause) {
    if (CheckpointError.isInstance(cause) && cause.path === undefined) {
      throw new CheckpointError(cause.message, {
        path,
        cause,
        ...(cause.parameter === undefined ? {} : { parameter: cause.parameter }),
      });
    }
    if (SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(`cannot be read: ${(cause as Error).message}`, { path, cause });
  } finally {
    await file.close();
  }
}
