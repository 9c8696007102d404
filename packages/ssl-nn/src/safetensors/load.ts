import { checkOptions, CheckpointError, type OptionNames, SslError } from '@selfsup/ssl-tensor/host';
import { asCheckpointError } from './as-checkpoint-error.js';
import { headerLength, prefixBytes } from './header.js';
import { readHead, type SafetensorsHead, safetensorsOptionNames, type SafetensorsOptions } from './safetensors-head.js';
import { type Safetensors, TensorCollector } from './tensor-collector.js';

/** Options of {@link loadSafetensors}. */
export interface LoadSafetensorsOptions extends SafetensorsOptions {
  /** Refuse larger files. Default 8 GiB. */
  readonly maxBytes?: number;
}

const loadSafetensorsOptionNames: OptionNames<LoadSafetensorsOptions> = {
  ...safetensorsOptionNames,
  maxBytes: 'optionalNumber',
};

/** Takes the tensors of a file, in the order of its data. */
interface TensorVisitor {
  wants(index: number): boolean;
  add(index: number, bytes: Uint8Array): void;
}

/**
 * Reads a safetensors file, tensor by tensor.
 *
 * @throws CheckpointError when the file is missing, too large, not valid, or does not match the checksums in it
 */
export async function loadSafetensors(path: string, options: LoadSafetensorsOptions = {}): Promise<Safetensors> {
  checkOptions('loadSafetensors', options, loadSafetensorsOptionNames);
  return (await visitSafetensors(path, options, (head) => new TensorCollector(head))).finish();
}

/**
 * Checks a safetensors file as {@link loadSafetensors} does, and keeps nothing: the memory of its largest tensor is
 * enough.
 *
 * @returns whether the file has checksums; without, only its form was checked
 * @throws CheckpointError as loadSafetensors
 */
export async function verifySafetensors(path: string, options: LoadSafetensorsOptions = {}): Promise<boolean> {
  checkOptions('verifySafetensors', options, loadSafetensorsOptionNames);
  let checked = false;
  await visitSafetensors(path, options, (head) => {
    checked = head.sums !== undefined;
    return {
      wants: () => checked,
      add: (index, bytes) => head.verify(index, bytes),
    };
  });
  return checked;
}

async function visitSafetensors<V extends TensorVisitor>(
  path: string,
  { maxBytes = 8 * 2 ** 30, maxHeaderBytes, checksum }: LoadSafetensorsOptions,
  visitorOf: (head: SafetensorsHead) => V,
): Promise<V> {
  const { openRegularFile } = await import('@selfsup/ssl-core/files');
  const file = await openRegularFile(path).catch((cause: unknown) => {
    throw asCheckpointError(cause);
  });
  try {
    const status = await file.stat();
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
    const visitor = visitorOf(head);
    for (const [index, { begin, end }] of head.entries.entries())
      visitor.add(index, visitor.wants(index) ? await read(start + begin, end - begin) : new Uint8Array());
    return visitor;
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
