import { CheckpointError, SslError } from 'ssl-tensor/host';
import type { StateDict } from '../module/state-dict.js';
import type { Safetensors } from './decode.js';
import { decodeElements } from './element-type.js';
import { headerLength, parseHeader, prefixBytes } from './header.js';

/** Options of {@link loadSafetensors}. */
export interface LoadSafetensorsOptions {
  /** Refuse larger files. Default 8 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads a safetensors file, tensor by tensor.
 *
 * @throws CheckpointError when the file is missing, too large, not valid, or holds an element type that cannot be read
 */
export async function loadSafetensors(
  path: string,
  { maxBytes = 8 * 2 ** 30 }: LoadSafetensorsOptions = {},
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
    const start = prefixBytes + headerLength(await read(0, Math.min(prefixBytes, status.size)), status.size);
    const { entries, metadata } = parseHeader(await read(prefixBytes, start - prefixBytes), status.size - start);
    const tensors: StateDict = new Map();
    for (const { name, type, shape, begin, end } of entries)
      tensors.set(name, { data: decodeElements(type, await read(start + begin, end - begin), name), shape });
    return { tensors, metadata };
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
