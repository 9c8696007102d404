/** Bytes at any place of a file of known size. */
export interface ByteReader {
  /** Name for messages: a path, or a URL without its query. */
  readonly path: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; throws `DataError` when they are not there. */
  read(offset: number, length: number): Promise<Uint8Array>;
}
