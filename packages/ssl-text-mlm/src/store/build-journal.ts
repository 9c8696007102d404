import { fsyncSync, openSync, closeSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { temporaryName } from '@selfsup/ssl-core/files';
import type { ChunkState } from './chunk-writer.js';
import { chunkBytes } from './store-header.js';

/** How far a store was built. */
export interface BuildJournal {
  readonly tokenizer: string;
  /** Texts that were read of the source, and SHA-256 of these. */
  readonly read: number;
  readonly source: string;
  readonly texts: number;
  readonly tokens: ChunkState;
  readonly ends: ChunkState;
  readonly largestId: number;
}

/** Brings the journal to the disk; synchronous, as texts come so. The files that it speaks of are to be there before. */
export function saveJournal(path: string, journal: BuildJournal): void {
  const body = JSON.stringify(journal);
  const temporary = temporaryName(path);
  writeFileSync(temporary, JSON.stringify({ checksum: crc32(body), journal: body }));
  const file = openSync(temporary, 'r+');
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
}

/** Nothing where there is none, or it is damaged: the store is then built from the beginning. */
export function readJournal(path: string): BuildJournal | undefined {
  try {
    const { checksum, journal } = JSON.parse(readFileSync(path, 'utf8')) as { checksum?: unknown; journal?: unknown };
    if (typeof journal !== 'string' || checksum !== crc32(journal)) return undefined;
    const parsed: unknown = JSON.parse(journal);
    return isJournal(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Whether numbers and files agree, of a journal that nobody may have written here. */
function isJournal(value: unknown): value is BuildJournal {
  const { tokenizer, source, read, texts, largestId, tokens, ends } = (value ?? {}) as Partial<BuildJournal>;
  return (
    [tokenizer, source].every((digest) => typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)) &&
    [read, texts, largestId].every(isCount) &&
    texts! <= read! &&
    isState(tokens) &&
    isState(ends) &&
    ends!.bytes === 8 * texts!
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isState(state: ChunkState | undefined): boolean {
  const { bytes, checksums } = (state ?? {}) as Partial<ChunkState>;
  return (
    isCount(bytes) &&
    Array.isArray(checksums) &&
    checksums.length === Math.ceil(bytes! / chunkBytes) &&
    checksums.every(isCount)
  );
}
