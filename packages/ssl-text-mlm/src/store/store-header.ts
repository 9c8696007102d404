import { crc32 } from 'node:zlib';
import { DataError } from '@selfsup/ssl-tensor/host';

/** Bytes that share a checksum; 0.25 MiB, the most that reading one text for the first time reads. */
export const chunkBytes = 2 ** 18;

/** What a finished store says of itself in `store.json`. */
export interface StoreHeader {
  /** SHA-256 of the tokeniser's document, hexadecimal. */
  readonly tokenizer: string;
  /** SHA-256 of the texts in their order, hexadecimal. */
  readonly source: string;
  readonly vocabSize: number;
  /** The largest id of the texts. */
  readonly largestId: number;
  /** Id before a sequence, and after each text. */
  readonly cls: number;
  readonly sep: number;
  readonly bytesPerId: 2 | 4;
  readonly texts: number;
  /** Ids of all texts, with the one after each. */
  readonly tokens: number;
  /** Texts that were left out because they hold no token to learn from: of unknown tokens alone. */
  readonly skipped: number;
  /** CRC-32 of each chunk of `tokens.bin` and of `ends.bin`. */
  readonly checksums: { readonly tokens: readonly number[]; readonly ends: readonly number[] };
}

const format = 'selfsup.token-store/1';
const counts = ['vocabSize', 'largestId', 'cls', 'sep', 'texts', 'tokens', 'skipped'] as const;

/** The text of `store.json`, with a checksum of itself. */
export function headerText(header: StoreHeader): string {
  const body = JSON.stringify({ format, ...header });
  return `${JSON.stringify({ checksum: crc32(body), header: body })}\n`;
}

/**
 * @param path of the store, for messages
 * @throws DataError for a text that is not as {@link headerText} wrote it
 */
export function parseHeader(text: string, path: string): StoreHeader {
  const damaged = (what: string): DataError =>
    new DataError(`store.json ${what}: the store is damaged; delete the folder and build it again`, { path });
  const object = (value: string, what: string): Record<string, unknown> => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      throw damaged(`${what} is no JSON`);
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw damaged(`${what} is no object`);
    return parsed as Record<string, unknown>;
  };
  const { checksum, header: body } = object(text, 'as a whole');
  if (typeof body !== 'string' || checksum !== crc32(body)) throw damaged('does not have its checksum');
  const header = object(body, 'within');
  if (header['format'] !== format)
    throw damaged(`has the format ${String(header['format']).slice(0, 40)}, not ${format}`);
  for (const name of ['tokenizer', 'source'] as const)
    if (typeof header[name] !== 'string' || !/^[0-9a-f]{64}$/.test(header[name]))
      throw damaged(`has no digest '${name}'`);
  for (const name of counts)
    if (!Number.isSafeInteger(header[name]) || (header[name] as number) < 0) throw damaged(`has no number '${name}'`);
  if (header['bytesPerId'] !== 2 && header['bytesPerId'] !== 4) throw damaged("has no 'bytesPerId' of 2 or 4");
  const known = header as unknown as StoreHeader;
  for (const [name, bytes] of Object.entries(sizesOf(known))) {
    const sums = (header['checksums'] as Partial<Record<string, unknown>> | undefined)?.[name];
    const wanted = Math.ceil(bytes / chunkBytes);
    if (!Array.isArray(sums) || sums.length !== wanted || !sums.every((sum) => Number.isSafeInteger(sum)))
      throw damaged(`has no ${wanted} checksums of '${name}'`);
  }
  return known;
}

/** Bytes of the two files. */
export function sizesOf({ tokens, bytesPerId, texts }: Pick<StoreHeader, 'tokens' | 'bytesPerId' | 'texts'>): {
  readonly tokens: number;
  readonly ends: number;
} {
  return { tokens: tokens * bytesPerId, ends: texts * 8 };
}
