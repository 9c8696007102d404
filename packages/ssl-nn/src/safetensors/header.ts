import { printable } from '@selfsup/ssl-core';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { checksumName, type ChecksumPlace } from './checksum.js';
import { bitsOf } from './element-type.js';
import { HeaderScanner } from './header-scanner.js';

/** Limits of a header in bytes: what the format allows, and what is read unless asked for more. */
export const headerLimits = { format: 100_000_000, default: 2 ** 24 } as const;

/** Bytes before the header: its length. */
export const prefixBytes = 8;

/** Most axes of a tensor; the format has no limit, NumPy has this one. */
const maxRank = 64;

/** One tensor's place in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Offsets into the part after the header. */
  readonly begin: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
  /** In the order of the file. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the file has checksums of ours. */
  readonly checksums: ChecksumPlace | undefined;
}

/** A stranger's name. */
const quoted = (name: string): string => `"${printable(name.length > 80 ? `${name.slice(0, 80)}...` : name)}"`;

/**
 * Length of the header from the first eight bytes.
 *
 * @param fileBytes length of the whole file
 * @param maxHeaderBytes refuse longer ones. Default 16 MiB, enough for 100,000 tensors
 */
export function headerLength(
  prefix: Uint8Array,
  fileBytes: number,
  maxHeaderBytes: number = headerLimits.default,
): number {
  if (prefix.length < prefixBytes)
    throw new CheckpointError(
      `is ${fileBytes} bytes long, too short for a safetensors file. It may be truncated: fetch it again`,
    );
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes);
  const length = view.getUint32(4, true) * 4294967296 + view.getUint32(0, true);
  if (new TextDecoder().decode(prefix) === 'version ')
    throw new CheckpointError(
      'is a pointer of Git LFS in the place of the file; fetch the file itself, such as with git lfs pull',
    );
  if (length > headerLimits.format)
    throw new CheckpointError(
      `has a header of ${length} bytes, the format allows ${headerLimits.format}. It is probably not a safetensors file`,
    );
  if (length > fileBytes - prefixBytes)
    throw new CheckpointError(
      `ends inside its header (${length} bytes announced, ${fileBytes - prefixBytes} present). It is truncated or not a safetensors file`,
    );
  if (length > maxHeaderBytes)
    throw new CheckpointError(
      `has a header of ${length} bytes, more than maxHeaderBytes (${maxHeaderBytes}). Raise maxHeaderBytes if you trust the file; a header may need twenty times its length in memory`,
    );
  return length;
}

/** An array of natural numbers, undefined for anything else. */
function counts(scanner: HeaderScanner, max: number): number[] | undefined {
  if (scanner.peek() !== 0x5b) {
    scanner.skip();
    return undefined;
  }
  const values: number[] = [];
  let valid = true;
  scanner.array(() => {
    const value = scanner.count();
    if (value === undefined || values.length === max) valid = false;
    else values.push(value);
  });
  return valid ? values : undefined;
}

function parseEntry(name: string, scanner: HeaderScanner): TensorEntry {
  const fail = (problem: string): never => {
    throw new CheckpointError(`tensor ${quoted(name)} ${problem}`, { parameter: name });
  };
  if (scanner.peek() !== 0x7b) {
    scanner.skip();
    return fail('has no description in the header');
  }
  let dtype: string | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  scanner.object((field) => {
    if (field === 'dtype' && scanner.peek() === 0x22) dtype = scanner.string();
    else if (field === 'shape') shape = counts(scanner, maxRank);
    else if (field === 'data_offsets') offsets = counts(scanner, 2);
    else scanner.skip();
  });
  if (dtype === undefined || !/^\w{1,32}$/.test(dtype)) return fail('has no valid dtype');
  if (shape === undefined) return fail('has no valid shape');
  if (offsets === undefined || offsets.length !== 2) return fail('has no valid data_offsets');
  const [begin, end] = offsets as readonly [number, number];
  checkSpan(dtype, shape, end - begin, fail);
  return { name, dtype, shape, begin, end };
}

/** A tensor's shape and type must be what its offsets span, without overflow on the way. */
function checkSpan(dtype: string, shape: readonly number[], span: number, fail: (problem: string) => never): void {
  let elements = 1;
  for (const size of shape) {
    elements *= size;
    if (!Number.isSafeInteger(elements)) fail(`has shape [${shape.join(', ')}], which is too large`);
  }
  const bits = bitsOf(dtype);
  const bytes = bits === undefined ? span : (elements * bits) / 8;
  if (span < 0 || bytes !== span)
    fail(`has shape [${shape.join(', ')}] of ${dtype}, which is ${bytes} bytes, but its data_offsets span ${span}`);
}

/**
 * Reads and checks a header. Tensors must fill the data part without gap or overlap, as the format demands.
 *
 * @param bytes the header alone
 * @param dataBytes length of what follows it
 * @throws CheckpointError on anything else than a valid header
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Header {
  const scanner = new HeaderScanner(bytes);
  if (bytes[0] !== 0x7b) scanner.refuse('not a JSON object that begins with {, as the format demands');
  const entries: TensorEntry[] = [];
  const metadata = new Map<string, string>();
  let checksums: ChecksumPlace | undefined;
  scanner.object((name) => {
    if (name !== '__metadata__') {
      entries.push(parseEntry(name, scanner));
      return;
    }
    const refused = 'has __metadata__ that is not a record of strings';
    if (scanner.peek() === 0x6e) {
      // null, as some writers have it for none.
      scanner.skip();
      return;
    }
    if (scanner.peek() !== 0x7b) throw new CheckpointError(refused);
    scanner.object((key) => {
      if (scanner.peek() !== 0x22) throw new CheckpointError(refused);
      const at = prefixBytes + scanner.position + 1;
      const text = scanner.string();
      metadata.set(key, text);
      if (key === checksumName) checksums = { text, at };
    });
  });
  if (!Number.isNaN(scanner.peek())) scanner.refuse();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, dataBytes);
  return { entries, metadata, checksums };
}

function checkCoverage(entries: readonly TensorEntry[], dataBytes: number): void {
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
}
