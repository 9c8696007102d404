import { CheckpointError } from 'ssl-tensor/host';
import { elementBytes, type ElementType } from './element-type.js';

/** Largest header that the format allows, in bytes. */
const maxHeaderBytes = 100_000_000;

/** Bytes before the header: its length. */
export const prefixBytes = 8;

/** One tensor's place in a file. */
interface TensorEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Offsets into the part after the header. */
  readonly begin: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);

/**
 * Length of the header from the first eight bytes.
 *
 * @param fileBytes length of the whole file
 */
export function headerLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < prefixBytes)
    throw new CheckpointError(
      `is ${fileBytes} bytes long, too short for a safetensors file. It may be truncated: fetch it again`,
    );
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes);
  const length = view.getUint32(4, true) * 4294967296 + view.getUint32(0, true);
  if (length > maxHeaderBytes)
    throw new CheckpointError(
      `has a header of ${length} bytes, the format allows ${maxHeaderBytes}. It is probably not a safetensors file`,
    );
  if (length > fileBytes - prefixBytes)
    throw new CheckpointError(
      `ends inside its header (${length} bytes announced, ${fileBytes - prefixBytes} present). It is truncated or not a safetensors file`,
    );
  return length;
}

function parseEntry(name: string, value: unknown): TensorEntry {
  const fail = (problem: string): never => {
    throw new CheckpointError(`tensor ${quoted(name)} ${problem}`, { parameter: name });
  };
  if (!isRecord(value)) return fail('has no description in the header');
  const { dtype, shape, data_offsets: offsets } = value;
  const type = typeof dtype === 'string' ? dtype : '';
  const bytes = elementBytes.get(type);
  if (bytes === undefined)
    return fail(
      `has element type ${quoted(type)}; can be read: ${[...elementBytes.keys()].join(', ')}. Convert the file with another tool`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount)) return fail('has no valid shape');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail('has no valid data_offsets');
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce<number>((product, dimension) => product * (dimension as number), bytes);
  if (!Number.isSafeInteger(size) || end - begin !== size)
    return fail(
      `has shape [${shape.join(', ')}] of ${type}, which is ${size} bytes, but its data_offsets span ${end - begin}`,
    );
  return { name, type: type as ElementType, shape: shape as number[], begin, end };
}

/**
 * Reads and checks a header. Tensors must fill the data part without gap or overlap, as the format demands.
 *
 * @param bytes the header alone
 * @param dataBytes length of what follows it
 * @throws CheckpointError on anything else than a valid header
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Header {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CheckpointError('has a header that is not JSON. It is corrupt or not a safetensors file', { cause });
  }
  if (!isRecord(parsed))
    throw new CheckpointError('has a header that is not a JSON object. It is corrupt or not a safetensors file');
  const entries: TensorEntry[] = [];
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name !== '__metadata__') {
      entries.push(parseEntry(name, value));
      continue;
    }
    if (!isRecord(value) || !Object.values(value).every((item) => typeof item === 'string'))
      throw new CheckpointError('has __metadata__ that is not a record of strings');
    for (const [key, text] of Object.entries(value))
      Object.defineProperty(metadata, key, { value: text, enumerable: true, writable: true, configurable: true });
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered)
      throw new CheckpointError(
        `tensor ${quoted(name)} starts at byte ${begin} of the data, expected ${covered}: tensors overlap or leave gaps. The file is corrupt`,
        { parameter: name },
      );
    covered = end;
  }
  if (covered !== dataBytes)
    throw new CheckpointError(
      `has ${dataBytes} bytes of data, its header describes ${covered}. It is truncated or corrupt: fetch it again`,
    );
  return { entries, metadata };
}
