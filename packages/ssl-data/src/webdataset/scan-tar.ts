import { DataError } from '@selfsup/ssl-core';
import type { ByteReader } from './byte-reader.js';
import { parsePaxRecords } from './pax-records.js';
import { parseTarHeader, tarBlockBytes, textOf, type TarHeader } from './tar-header.js';

/** A file in a tar archive. */
export interface TarMember {
  readonly name: string;
  /** First byte of its data in the archive; the header is the block before. */
  readonly offset: number;
  readonly size: number;
  /** The header itself holds the whole name. */
  readonly plainName: boolean;
}

const windowBytes = 1 << 14;
const maxExtendedBytes = 1 << 20;
const maxNameLength = 4096;

/** What extended headers say about the next member. */
interface Extension {
  name?: string;
  size?: number;
}

/**
 * Finds the regular files of a tar archive from its headers; data are skipped, not read.
 *
 * ustar and V7 headers, GNU long names and base-256 sizes, PAX paths and sizes. Folders, links and devices are passed over.
 *
 * @param reader the archive
 * @param maxEntries largest number of headers
 * @param visit called with each file, in order
 * @param passOver called with the name of each link, pipe and device
 * @throws DataError for an archive that is damaged, truncated, sparse or beyond a limit, with the offset
 */
export async function scanTar(
  reader: ByteReader,
  maxEntries: number,
  visit: (member: TarMember) => void,
  passOver: (name: string) => void = () => {},
): Promise<void> {
  const { path } = reader;
  const window = new ReadWindow(reader);
  let extension: Extension = {};
  let entries = 0;
  for (let offset = 0; ;) {
    if (offset + tarBlockBytes > reader.size) throw truncated(path, reader.size);
    const missed = window.miss(offset);
    if (missed !== undefined) await missed;
    const header = parseTarHeader(window.block(offset), path, offset);
    if (header === undefined) {
      if (extension.name !== undefined || extension.size !== undefined) throw truncated(path, offset);
      return;
    }
    if (++entries > maxEntries)
      throw new DataError(`has more than ${maxEntries} entries; raise maxEntries if the archive is right`, {
        path,
        offset,
      });
    const data = offset + tarBlockBytes;
    const size = sizeOf(header, extension, path, offset);
    const next = data + Math.ceil(size / tarBlockBytes) * tarBlockBytes;
    if (next > reader.size) throw truncated(path, offset);
    if ('LKxXg'.includes(header.type)) {
      await readExtension(reader, header, data, extension);
    } else {
      if (header.type === 'S') throw sparse(path, offset);
      const name = extension.name ?? header.name;
      if (name.length > maxNameLength)
        throw new DataError(`a name has ${name.length} characters, the limit is ${maxNameLength}`, { path, offset });
      // Archives before POSIX mark folders by a slash.
      if ((header.type === '0' && !name.endsWith('/')) || header.type === '7')
        visit({ name, offset: data, size, plainName: extension.name === undefined });
      else if ('12346'.includes(header.type)) passOver(name);
      extension = {};
    }
    offset = next;
  }
}

/** Links, devices and folders have no data whatever their size says. */
function sizeOf(header: TarHeader, extension: Extension, path: string, offset: number): number {
  if ('LKxXg'.includes(header.type)) return header.size;
  if ('123456'.includes(header.type)) return 0;
  const { size = header.size } = extension;
  if (header.size !== 0 && header.size !== size)
    throw new DataError(`a header gives ${header.size} bytes, its PAX record ${size}: the archive is damaged`, {
      path,
      offset,
    });
  return size;
}

async function readExtension(
  reader: ByteReader,
  { type, size }: TarHeader,
  offset: number,
  extension: Extension,
): Promise<void> {
  const { path } = reader;
  // Long targets of links say nothing about files.
  if (type === 'K') return;
  if (size > maxExtendedBytes)
    throw new DataError(`an extended header has ${size} bytes, the limit is ${maxExtendedBytes}`, { path, offset });
  const bytes = await reader.read(offset, size);
  if (type === 'L') {
    extension.name = textOf(bytes, 0, bytes.length);
    return;
  }
  const records = parsePaxRecords(bytes, path, offset);
  for (const key of records.keys()) if (key.startsWith('GNU.sparse.')) throw sparse(path, offset);
  const name = records.get('path');
  const length = records.get('size');
  if (type === 'g') {
    if (name !== undefined || length !== undefined)
      throw new DataError('a global PAX header gives all files one name or size; pack the archive again', {
        path,
        offset,
      });
    return;
  }
  if (name !== undefined) extension.name = name;
  if (length === undefined) return;
  if (!/^[0-9]{1,16}$/.test(length) || !Number.isSafeInteger(Number(length)))
    throw new DataError('a PAX record has no valid size: the archive is damaged; fetch it again', { path, offset });
  extension.size = Number(length);
}

function truncated(path: string, offset: number): DataError {
  return new DataError('the archive is truncated: it stops before its end mark; fetch it again', { path, offset });
}

function sparse(path: string, offset: number): DataError {
  return new DataError('holds a sparse file; pack the archive again without --sparse', { path, offset });
}

/** The piece of the archive around the last header: small members come with one read. */
class ReadWindow {
  readonly #reader: ByteReader;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** Reads around a block unless it is here already; most blocks then cost no turn of the event loop. */
  miss(offset: number): Promise<void> | undefined {
    if (offset >= this.#start && offset + tarBlockBytes <= this.#start + this.#bytes.length) return undefined;
    return this.#fill(offset);
  }

  block(offset: number): Uint8Array {
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + tarBlockBytes);
  }

  async #fill(offset: number): Promise<void> {
    this.#bytes = await this.#reader.read(offset, Math.min(windowBytes, this.#reader.size - offset));
    this.#start = offset;
  }
}
